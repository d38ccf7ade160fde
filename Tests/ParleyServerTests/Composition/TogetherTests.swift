import Logging
import ServiceLifecycle
import TestSupport
import Testing

@testable import ParleyServer

@Suite(.timeLimit(.minutes(1))) struct TogetherTests {
    /// Says that it began and that it was told to stop, and ends when it is let go.
    private struct Lingering: Service {
        let name: String
        let say: AsyncStream<String>.Continuation
        let release: AsyncStream<Void>

        func run() async throws {
            self.say.yield("\(self.name) began")
            try await gracefulShutdown()
            self.say.yield("\(self.name) stops")
            for await _ in self.release {}
        }
    }

    private struct Failing: Service {
        struct Failure: Error {}
        func run() async throws { throw Failure() }
    }

    @Test func `are told to stop at one moment, and end when the last has ended`() async throws {
        let (said, say) = AsyncStream.makeStream(of: String.self)
        let (release, releasing) = AsyncStream.makeStream(of: Void.self)
        let services = (1...3).map { Lingering(name: "\($0)", say: say, release: release) }
        let group = ServiceGroup(services: [Together(services: services)], logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() })
        let running = Task {
            try await group.run()
            say.yield("ended")
        }
        var words = said.makeAsyncIterator()
        var began: Set<String?> = []
        for _ in 1...3 { began.insert(await words.next()) }
        #expect(began == ["1 began", "2 began", "3 began"])
        await group.triggerGracefulShutdown()
        // None of them has ended when the last is told.
        var stopping: Set<String?> = []
        for _ in 1...3 { stopping.insert(await words.next()) }
        #expect(stopping == ["1 stops", "2 stops", "3 stops"])
        releasing.finish()
        #expect(await words.next() == "ended")
        try await running.value
    }

    @Test func `fail when one fails, and end the others`() async throws {
        let (said, say) = AsyncStream.makeStream(of: String.self)
        let (release, _) = AsyncStream.makeStream(of: Void.self)
        let together = Together(services: [Lingering(name: "1", say: say, release: release), Failing()])
        await #expect(throws: Failing.Failure.self) { try await together.run() }
        say.finish()
        #expect(await said.first { $0 == "1 stops" } == nil)
    }
}
