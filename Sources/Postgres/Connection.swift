import CLibpq
import Foundation
import Synchronization

/// One session with a server, on a thread of its own. Always in libpq's pipeline mode: a single query is a pipeline of one.
///
/// Statements are prepared once, under a name for each text, and the least recently used are forgotten.
///
/// Source: PostgreSQL manual, libpq, "Pipeline Mode" and "Asynchronous Command Processing".
package actor Connection: Queries {
    private nonisolated let executor: ThreadExecutor
    package nonisolated var unownedExecutor: UnownedSerialExecutor { self.executor.asUnownedSerialExecutor() }

    private let link: Link
    private let canceller: Canceller
    private var statements = StatementCache(capacity: 256)
    /// How long an answer may take.
    private let deadline: Duration

    /// - Throws: `.connectionLost` when no server answers, or the server's own refusal.
    package static func open(_ settings: ConnectionSettings, deadline: Duration = .seconds(60)) async throws(PostgresError) -> Connection {
        let connection = Connection(on: ThreadExecutor(name: "postgres"), deadline: deadline)
        try await connection.connect(settings)
        return connection
    }

    private init(on executor: ThreadExecutor, deadline: Duration) {
        self.executor = executor
        self.deadline = deadline
        self.link = Link()
        self.canceller = Canceller()
    }

    isolated deinit {
        self.canceller.close()
        self.link.close()
        self.executor.stop()
    }

    private func connect(_ settings: ConnectionSettings) throws(PostgresError) {
        try self.link.open(settings)
        self.canceller.open(self.link)
    }

    /// Whether the session is over. A broken one is never mended: the pool opens another.
    package var isBroken: Bool { self.link.isBroken }
    /// Whether the session stands between transactions.
    package var isIdle: Bool { self.link.isIdle }
    /// Whether the server hung up while nobody was asking: costs one `poll` and no round trip.
    package var isStale: Bool { self.link.hasEnded }

    package func close() {
        self.canceller.close()
        self.link.close()
    }

    package func query(_ sql: SQL) async throws(PostgresError) -> [Row] { try await self.run([sql])[0].rows }
    package func execute(_ sql: SQL) async throws(PostgresError) -> Int { try await self.run([sql])[0].affected }
    package func pipeline(_ statements: [SQL]) async throws(PostgresError) -> [[Row]] { try await self.run(statements).map(\.rows) }

    /// Runs a text of several statements by the simple protocol: for migrations, which bind nothing.
    package func script(_ text: String) throws(PostgresError) {
        try self.link.script(text, until: ContinuousClock.now + self.deadline * 10)
    }

    private func run(_ statements: [SQL]) async throws(PostgresError) -> [QueryResult] {
        guard !Task.isCancelled else { throw PostgresError(.queryCancelled, "the task was cancelled") }
        guard !statements.isEmpty else { return [] }
        self.canceller.begin()
        // The body never suspends: while it blocks this thread, only the handler runs, elsewhere.
        let outcome = await withTaskCancellationHandler {
            Result { () throws(PostgresError) in try self.send(statements) }
        } onCancel: { [canceller] in
            canceller.cancel()
        }
        self.canceller.end()
        return try outcome.get()
    }

    /// What one step of a pipeline is for.
    private enum Step {
        case prepare(StatementCache.Key)
        case forget
        case statement
    }

    private func send(_ statements: [SQL]) throws(PostgresError) -> [QueryResult] {
        let steps = try self.queue(statements)
        let outcome = self.link.settle(until: ContinuousClock.now + self.deadline)
        for case .prepare(let key) in steps.dropFirst(outcome.done.count) { self.statements.forget(key) }
        if var failure = outcome.failure {
            failure.isCommitUnknown = failure.code == .connectionLost && statements.contains { $0.text == "COMMIT" }
            throw failure
        }
        return zip(steps, outcome.done).compactMap { step, result in
            guard case .statement = step else { return nil }
            return result
        }
    }

    /// Hands every statement to libpq, preparing the new ones on the way. Nothing runs for good before the pipeline is settled.
    private func queue(_ statements: [SQL]) throws(PostgresError) -> [Step] {
        let bound = statements.map { ($0.text, $0.values) }
        guard !bound.contains(where: { $0.1.contains(where: \.isUnusable) }) else {
            throw PostgresError(.badValue, "a bound value cannot be stored: text holds NUL, or a date is out of range")
        }
        var steps: [Step] = []
        for (text, values) in bound {
            let key = StatementCache.Key(text: text, types: values.map(\.typeID))
            let entry = self.statements.name(for: key)
            if let evicted = entry.evicted {
                try self.link.sendPrepare(name: "", text: "DEALLOCATE \(evicted)", types: [])
                try self.link.sendExecute(name: "", values: [])
                steps += [.forget, .forget]
            }
            if entry.isNew {
                try self.link.sendPrepare(name: entry.name, text: key.text, types: key.types)
                steps.append(.prepare(key))
            }
            try self.link.sendExecute(name: entry.name, values: values)
            steps.append(.statement)
        }
        return steps
    }
}

/// Names for prepared statements, least recently used first to go.
struct StatementCache {
    struct Key: Hashable {
        var text: String
        var types: [UInt32]
    }
    private var entries: [Key: (number: Int, usedAt: Int)] = [:]
    private let capacity: Int
    private var next = 0
    private var clock = 0

    init(capacity: Int) { self.capacity = capacity }

    mutating func name(for key: Key) -> (name: String, isNew: Bool, evicted: String?) {
        self.clock += 1
        if let entry = self.entries[key] {
            self.entries[key]?.usedAt = self.clock
            return ("s\(entry.number)", false, nil)
        }
        var evicted: String?
        if self.entries.count >= self.capacity, let oldest = self.entries.min(by: { $0.value.usedAt < $1.value.usedAt }) {
            self.entries[oldest.key] = nil
            evicted = "s\(oldest.value.number)"
        }
        self.next += 1
        self.entries[key] = (self.next, self.clock)
        return ("s\(self.next)", true, evicted)
    }

    mutating func forget(_ key: Key) { self.entries[key] = nil }
}

/// Asks the server to stop what the session runs. Safe from any thread, as `PQcancel` is.
///
/// Source: PostgreSQL manual, libpq, "Canceling Queries in Progress".
final class Canceller: Sendable {
    private struct State: ~Copyable {
        nonisolated(unsafe) var handle: OpaquePointer?
        var isRunning = false
    }
    private let state = Mutex(State())

    func open(_ link: Link) {
        let handle = link.cancelHandle()
        self.state.withLock { $0.handle = handle }
    }
    func begin() { self.state.withLock { $0.isRunning = true } }
    func end() { self.state.withLock { $0.isRunning = false } }

    func cancel() {
        self.state.withLock { state in
            guard state.isRunning, let handle = state.handle else { return }
            var message = [CChar](repeating: 0, count: 256)
            PQcancel(handle, &message, Int32(message.count))
        }
    }

    func close() {
        self.state.withLock { state in
            if let handle = state.handle { PQfreeCancel(handle) }
            state.handle = nil
        }
    }
}
