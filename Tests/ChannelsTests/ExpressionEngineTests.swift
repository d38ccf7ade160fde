import Foundation
import Parley
import Testing

@testable import Channels

@Suite struct ExpressionEngineTests {
    private static func engine() -> ExpressionEngine {
        var settings = ExpressionEngine.Settings()
        settings.threads = 1
        settings.budget = .milliseconds(20)
        settings.patience = .milliseconds(50)
        return ExpressionEngine(settings)
    }

    /// Stands for one long C call: it burns processor time and heeds no halt until it is let go.
    private final class StuckCall: Sendable {
        private let isOver = Monitor(false)
        func burn() { while !self.isOver.withLock({ $0 }) {} }
        func end() { self.isOver.withLock { $0 = true } }
    }

    @Test func `gives up a thread that cannot be halted, replaces it, and degrades only its channel`() async throws {
        let engine = Self.engine()
        let stuck = StuckCall()
        let (bad, good) = (ExpressionOwner(adapter: "a", channel: "1"), ExpressionOwner(adapter: "a", channel: "2"))
        let error = await #expect(throws: AdapterError.self) { try await engine.run(for: bad) { _ in stuck.burn() } }
        #expect(error?.code == .budgetExceeded)
        #expect(try await engine.run(for: good) { _ in 1 } == 1)  // there was one thread only: this is another
        await #expect(throws: AdapterError(.budgetExceeded, "an earlier expression of this channel has not ended")) {
            try await engine.run(for: bad) { _ in 1 }
        }
        stuck.end()
        // The lost thread comes home and the channel is served again.
        while (try? await engine.run(for: bad, { _ in 1 })) == nil { await Task.yield() }
    }

    @Test func `refuses an adapter that took too many threads with it, and no other`() async throws {
        let engine = Self.engine()
        let stuck = StuckCall()
        for channel in ["1", "2"] {
            let owner = ExpressionOwner(adapter: "a", channel: channel)
            await #expect(throws: AdapterError.self) { try await engine.run(for: owner) { _ in stuck.burn() } }
        }
        let error = await #expect(throws: AdapterError.self) { try await engine.run(for: .init(adapter: "a", channel: "3")) { _ in 1 } }
        #expect(error?.detail == "earlier expressions of this adapter have not ended")
        #expect(try await engine.run(for: .init(adapter: "b", channel: "3")) { _ in 1 } == 1)
        #expect(try await engine.run(for: .init(adapter: "a", channel: "3", isReceiving: true)) { _ in 1 } == 1)
        stuck.end()
    }

    @Test func `pauses who runs over again and again, longer each time, and forgives the first good run`() {
        var state = EngineState(settings: .init())
        let owner = ExpressionOwner(adapter: "a", channel: "1")
        let start = ContinuousClock.now
        state.note(owner, isOver: true, at: start)
        #expect(state.refusal(of: owner, at: start) == nil)
        state.note(owner, isOver: true, at: start)
        #expect(state.refusal(of: owner, at: start + .milliseconds(499)) != nil)
        #expect(state.refusal(of: owner, at: start + .milliseconds(501)) == nil)
        for _ in 0..<20 { state.note(owner, isOver: true, at: start) }
        #expect(state.refusal(of: owner, at: start + .seconds(59)) != nil)
        #expect(state.refusal(of: owner, at: start + .seconds(61)) == nil)
        #expect(state.refusal(of: ExpressionOwner(adapter: "a", channel: "2"), at: start) == nil)
        #expect(state.refusal(of: ExpressionOwner(adapter: "a", channel: "1", isReceiving: true), at: start) == nil)
        state.note(owner, isOver: false, at: start)
        #expect(state.refusal(of: owner, at: start) == nil)
    }
}
