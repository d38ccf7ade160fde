import Logging
import Postgres
import Synchronization
import TestSupport
import Testing

@Suite(.database) struct ListenerTests {
    private func listener(probe: Duration = .seconds(10)) -> Listener {
        Listener(settings: TestDatabase.current.settings, probe: probe, logger: TestDatabase.logger)
    }

    /// The payloads heard next; `.reconnected` is left out.
    private func payloads(_ count: Int, from notifications: inout AsyncStream<Notification>.Iterator) async -> [String] {
        var payloads: [String] = []
        while payloads.count < count, let notification = await notifications.next(isolation: #isolation) {
            if case .received(let payload) = notification { payloads.append(payload) }
        }
        return payloads
    }

    @Test(.timeLimit(.minutes(5))) func `what is said on a channel is heard there, in order, and nowhere else`() async throws {
        let listener = self.listener()
        defer { listener.close() }
        var one = listener.notifications(on: "one").makeAsyncIterator()
        var two = listener.notifications(on: "Two \"quoted\"").makeAsyncIterator()
        #expect(await one.next() == .reconnected)
        #expect(await two.next() == .reconnected)
        let pool = TestDatabase.current.pool
        for n in 0..<50 { _ = try await pool.query("SELECT pg_notify('one', \("\(n)")), pg_notify('Two \"quoted\"', \("x\(n)"))") }
        #expect(await self.payloads(50, from: &one) == (0..<50).map { "\($0)" })
        #expect(await self.payloads(50, from: &two) == (0..<50).map { "x\($0)" })
    }

    @Test(.timeLimit(.minutes(5))) func `a transaction's notices are heard once it is committed, and never when it is not`() async throws {
        struct ChangedMind: Error {}
        let listener = self.listener()
        defer { listener.close() }
        var heard = listener.notifications(on: "one").makeAsyncIterator()
        #expect(await heard.next() == .reconnected)
        let pool = TestDatabase.current.pool
        await #expect(throws: ChangedMind.self) {
            try await pool.transaction(in: .all) { transaction in
                _ = try await transaction.query("SELECT 1")
                transaction.notifyAfterCommit([Notice(channel: "one", payload: "rolled back")])
                throw ChangedMind()
            }
        }
        try await pool.transaction(in: .all) { transaction in
            _ = try await transaction.query("SELECT 1")
            transaction.notifyAfterCommit([Notice(channel: "one", payload: "committed")])
        }
        #expect(await self.payloads(1, from: &heard) == ["committed"])
    }

    @Test(.timeLimit(.minutes(5))) func `after its session ends it listens again, and says so`() async throws {
        let listener = self.listener()
        defer { listener.close() }
        var heard = listener.notifications(on: "one").makeAsyncIterator()
        #expect(await heard.next() == .reconnected)
        let owner = try await Connection.open(TestDatabase.current.ownerSettings)
        for round in 0..<3 {
            let killed = try await owner.execute(
                """
                SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity
                WHERE datname = current_database() AND query = 'LISTEN "one"'
                """
            )
            #expect(killed == 1)
            #expect(await heard.next() == .reconnected)
            _ = try await owner.query("SELECT pg_notify('one', \("\(round)"))")
            #expect(await heard.next() == .received(payload: "\(round)"))
        }
    }

    @Test(.timeLimit(.minutes(5))) func `a listener that was silent for long still hears`() async throws {
        let listener = self.listener(probe: .milliseconds(20))
        defer { listener.close() }
        var heard = listener.notifications(on: "one").makeAsyncIterator()
        #expect(await heard.next() == .reconnected)
        let owner = try await Connection.open(TestDatabase.current.ownerSettings)
        // The sign of life is the session's latest statement: several silences have passed.
        while try await owner.query("SELECT 1 FROM pg_stat_activity WHERE datname = current_database() AND query = 'SELECT'").isEmpty {}
        _ = try await owner.query("SELECT pg_notify('one', 'late')")
        #expect(await heard.next() == .received(payload: "late"))
    }

    @Test(.timeLimit(.minutes(5))) func `where LISTEN itself is refused, each pause is longer, and one warning is enough`() async throws {
        let (connections, connected) = AsyncStream.makeStream(of: ContinuousClock.Instant.self)
        let proxy = try Peer { line in
            connected.yield(.now)
            line.skip(65_536)  // the startup message
            line.write("R\0\0\0\u{8}\0\0\0\0Z\0\0\0\u{5}I")
            line.skip(65_536)  // LISTEN
            line.write("E\0\0\0\u{17}SERROR\0C42501\0Mno\0\0Z\0\0\0\u{5}I")
            line.drain()
        }
        defer { proxy.close() }
        let log = WarningCount()
        let url = "host=127.0.0.1 port=\(proxy.port) sslmode=disable gssencmode=disable"
        let listener = Listener(
            settings: ConnectionSettings(url: url, applicationName: "test"),
            random: Highest(),
            logger: Logger(label: "test") { _ in log }
        )
        defer { listener.close() }
        _ = listener.notifications(on: "one")
        var moments: [ContinuousClock.Instant] = []
        for await moment in connections {
            moments.append(moment)
            if moments.count == 5 { break }
        }
        // The first pause may be cut short by the subscription.
        #expect(moments[1].duration(to: moments[4]) >= .milliseconds(200 + 400 + 800))
        #expect(log.count.withLock { $0 } == 1)
    }

    @Test(.timeLimit(.minutes(5))) func `closing ends every stream`() async throws {
        let listener = self.listener()
        let stream = listener.notifications(on: "one")
        listener.close()
        for await _ in stream {}
        for await _ in listener.notifications(on: "one") {}
    }
}

/// Draws the upper end of every range.
private struct Highest: RandomNumberGenerator {
    func next() -> UInt64 { .max }
}

private final class WarningCount: LogHandler, Sendable {
    let count = Mutex(0)
    var logLevel: Logger.Level {
        get { .warning }
        set {}
    }
    var metadata: Logger.Metadata {
        get { [:] }
        set {}
    }
    subscript(metadataKey _: String) -> Logger.Metadata.Value? {
        get { nil }
        set {}
    }
    func log(event: LogEvent) { self.count.withLock { $0 += 1 } }
}
