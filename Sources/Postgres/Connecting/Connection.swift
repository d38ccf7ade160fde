import CLibpq
import Foundation
import Synchronization

/// One session with a server, on a thread of its own. Always in libpq's pipeline mode: a single query is a pipeline of one.
///
/// Statements are prepared once, under a name for each text, and the least recently used are dropped.
///
/// Source: PostgreSQL manual, libpq, "Pipeline Mode" and "Asynchronous Command Processing".
package actor Connection: Queries {
    private nonisolated let executor: ThreadExecutor
    package nonisolated var unownedExecutor: UnownedSerialExecutor { self.executor.asUnownedSerialExecutor() }

    private let link = Link()
    private let canceller = Canceller()
    private var statements = StatementCache(capacity: 256)
    /// How long the answer to one pipeline may take.
    private let deadline: Duration
    private nonisolated let condition = Mutex(Condition())
    private var hasGrown = false
    /// Bytes in one pipeline, either way, that a session carries without being given up for it.
    private static let usual = 4_000_000

    /// What others may know without waiting for the session's thread; as of the end of the last call.
    private struct Condition {
        var socket: Int32 = -1
        var isIdle = false
        var hasCarriedMuch = false
    }

    /// - Parameter deadline: how long the answer to one pipeline may take, until the server is given up.
    /// - Throws: `.connectionLost` when no server answers, or refuses.
    package static func open(_ settings: ConnectionSettings, deadline: Duration = .seconds(60)) async throws(PostgresError) -> Connection {
        let connection = Connection(on: ThreadExecutor(name: "postgres"), deadline: deadline)
        try await connection.connect(settings)
        return connection
    }

    private init(on executor: ThreadExecutor, deadline: Duration) {
        self.executor = executor
        self.deadline = deadline
    }

    isolated deinit {
        self.canceller.close()
        self.link.close()
        self.executor.stop()
    }

    private func connect(_ settings: ConnectionSettings) throws(PostgresError) {
        try self.link.open(settings)
        self.canceller.open(self.link)
        self.noteCondition()
    }

    package func close() {
        self.canceller.close()
        self.link.close()
        self.noteCondition()
    }

    private func noteCondition() {
        let now = Condition(socket: self.link.socket, isIdle: self.link.isIdle, hasCarriedMuch: self.hasGrown)
        self.condition.withLock { $0 = now }
    }

    /// Whether the session is over. A broken one is never mended: the pool opens another.
    package nonisolated var isBroken: Bool { self.condition.withLock { $0.socket < 0 } }
    /// Whether the session stands between transactions.
    package nonisolated var isIdle: Bool { self.condition.withLock { $0.isIdle } }
    /// Whether libpq's buffers have grown: it gives nothing back before the session ends (I16).
    package nonisolated var hasCarriedMuch: Bool { self.condition.withLock { $0.hasCarriedMuch } }
    /// Whether the server spoke to an idle session, as it does when it hangs up. Costs one `poll`, no round trip.
    package nonisolated var isStale: Bool {
        var entry = pollfd(fd: self.condition.withLock { $0.socket }, events: Int16(POLLIN), revents: 0)
        return entry.fd < 0 || poll(&entry, 1, 0) != 0
    }

    package func query(_ sql: SQL) async throws(PostgresError) -> [Row] { try await self.run([sql])[0].rows }
    @discardableResult package func execute(_ sql: SQL) async throws(PostgresError) -> Int { try await self.run([sql])[0].affected }
    package func pipeline(_ statements: [SQL]) async throws(PostgresError) -> [[Row]] { try await self.run(statements).map(\.rows) }

    /// Runs a text of several statements by the simple protocol: for migrations, which bind nothing and may take their time.
    package func script(_ text: String) throws(PostgresError) {
        defer {
            if !self.link.isBroken { self.link.enterPipeline() }
            self.noteCondition()
        }
        try self.link.script(text, until: .now + .seconds(86_400))
    }

    /// The answers of all `statements`; the first failure skips the rest and is thrown.
    func run(_ statements: [SQL]) async throws(PostgresError) -> [QueryResult] {
        guard !Task.isCancelled else { throw PostgresError(.queryCancelled, "the task was cancelled") }
        guard !statements.isEmpty else { return [] }
        let run = self.canceller.begin()
        // The body never suspends: while it blocks this thread, only the handler runs, elsewhere.
        let outcome = await withTaskCancellationHandler {
            Result { () throws(PostgresError) in try self.send(statements) }
        } onCancel: { [canceller] in
            canceller.cancel(run)
        }
        self.canceller.end()
        return try outcome.get()
    }

    /// Whether the server answers at all. One that does not in time is given up.
    func isAlive(within limit: Duration) -> Bool {
        defer { self.noteCondition() }
        guard (try? self.link.sendPrepare(name: "", text: "", types: [])) != nil else { return false }
        return self.link.settle(until: .now + limit).failure == nil
    }

    // MARK: - One pipeline

    /// What one step of a pipeline is for.
    private struct Step {
        enum Kind { case prepare, statement(wasPrepared: Bool) }
        var kind: Kind
        var key: StatementCache.Key
    }

    private func send(_ statements: [SQL]) throws(PostgresError) -> [QueryResult] {
        defer { self.noteCondition() }
        let bound = try Self.bound(statements)
        self.deallocateDropped()
        let wasIdle = self.link.isIdle
        let limit = ContinuousClock.now + self.deadline
        let steps: [Step]
        do throws(PostgresError) { steps = try self.queue(bound) } catch {
            self.link.close()
            throw error
        }
        let outcome = self.link.settle(until: limit)
        let sent = bound.lazy.flatMap(\.values).reduce(0) { $0 + ($1.bytes?.count ?? 0) }
        let received = outcome.done.reduce(0) { $0 + $1.size }
        if max(sent, received) > Self.usual { self.hasGrown = true }
        if outcome.isLost, ContinuousClock.now >= limit { self.canceller.abandon() }
        for step in steps.dropFirst(outcome.done.count) {
            if case .prepare = step.kind { self.statements.forget(step.key) }
        }
        // With COMMIT answered nothing is in doubt, whatever broke after it.
        let isWhole = outcome.done.count == steps.count && bound.last?.text == "COMMIT"
        if var failure = outcome.failure, !isWhole {
            if outcome.isLost {
                failure.isCommitUnknown = bound.contains { $0.text == "COMMIT" } || (wasIdle && !bound[0].text.hasPrefix("BEGIN"))
            }
            if self.holdsStalePlan(failure, steps) { failure.isPlanStale = true }
            throw failure
        }
        return zip(steps, outcome.done).compactMap { step, result in
            if case .statement = step.kind { result } else { nil }
        }
    }

    /// Bytes of one value. Source: PostgreSQL, `MaxAllocSize` in memutils.h.
    private static let largestValue = 0x3fff_ffff

    private static func bound(_ statements: [SQL]) throws(PostgresError) -> [(text: String, values: [SQL.BoundValue])] {
        let bound = statements.map { (text: $0.text, values: $0.values) }
        for (_, values) in bound {
            guard values.count <= 65_535 else { throw PostgresError(.badValue, "more values than a statement takes: bind an array") }
            guard values.allSatisfy({ $0.bytes?.count ?? 0 <= Self.largestValue }) else {
                throw PostgresError(.badValue, "a bound value is larger than the server takes")
            }
            guard !values.contains(where: \.isUnusable) else {
                throw PostgresError(.badValue, "a bound value cannot be stored: text holds NUL, or a date is out of range")
            }
        }
        return bound
    }

    /// Hands every statement to libpq, preparing the new ones on the way. Nothing runs for good before the pipeline is settled.
    private func queue(_ bound: [(text: String, values: [SQL.BoundValue])]) throws(PostgresError) -> [Step] {
        var steps: [Step] = []
        for (text, values) in bound {
            let key = StatementCache.Key(text: text, types: values.map(\.typeID))
            let entry = self.statements.name(for: key)
            if entry.isNew {
                try self.link.sendPrepare(name: entry.name, text: key.text, types: key.types)
                steps.append(Step(kind: .prepare, key: key))
            }
            try self.link.sendExecute(name: entry.name, values: values)
            steps.append(Step(kind: .statement(wasPrepared: !entry.isNew), key: key))
        }
        return steps
    }

    /// Tells the server what is no longer needed: some at a time, and never inside a transaction, which a mishap would spoil.
    private func deallocateDropped() {
        guard self.statements.dropped.count >= 32, self.link.isIdle else { return }
        for name in self.statements.takeDropped() {
            guard (try? self.link.sendPrepare(name: "", text: "DEALLOCATE \(name)", types: [])) != nil,
                (try? self.link.sendExecute(name: "", values: [])) != nil
            else { break }
        }
        _ = self.link.settle(until: .now + self.deadline)
    }

    /// A table changed under a prepared statement, or somebody discarded it.
    private func holdsStalePlan(_ failure: PostgresError, _ steps: [Step]) -> Bool {
        guard [.featureNotSupported, .invalidStatementName].contains(failure.code) else { return false }
        let reused = steps.filter { if case .statement(wasPrepared: true) = $0.kind { true } else { false } }
        for step in reused {
            if failure.code == .invalidStatementName { self.statements.forget(step.key) } else { self.statements.drop(step.key) }
        }
        return !reused.isEmpty
    }
}
