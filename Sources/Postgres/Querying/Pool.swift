package import Logging
import Synchronization

/// A bounded set of connections, lent one at a time, first come first served.
///
/// It works without `run()`; running it as a service adds health checks of idle connections and an orderly end.
package final class Pool: Queries {
    /// What whoever asks for a connection gets: one, or the right to open one.
    private enum Claim: Sendable {
        case connection(Connection)
        case slot
    }
    private struct Waiter {
        var id: Int
        var continuation: CheckedContinuation<Result<Claim, PostgresError>, Never>
    }
    private struct State {
        let size: Int
        /// The most recently used last: it is lent first, being the likeliest to live.
        var idle: [Connection] = []
        /// Open or being opened.
        var total = 0
        var waiters: [Waiter] = []
        var nextWaiter = 0
        var isClosed = false
        var waits = Distribution(bounds: [0.001, 0.005, 0.025, 0.1, 0.5, 2.5])
    }

    package let settings: ConnectionSettings
    private let acquireTimeout: Duration
    let logger: Logger
    let bell: Bell
    private let state: Mutex<State>

    package init(settings: ConnectionSettings, size: Int, acquireTimeout: Duration = .seconds(5), logger: Logger) {
        self.settings = settings
        self.bell = Bell(settings: settings)
        self.acquireTimeout = acquireTimeout
        self.logger = logger
        self.state = Mutex(State(size: size))
    }

    /// How the pool is used just now, for metrics.
    package struct Gauge: Sendable {
        package var inUse: Int
        package var idle: Int
        package var waiting: Int
        /// How long loans were waited for, in seconds.
        package var waits: Distribution
    }
    package var gauge: Gauge {
        self.state.withLock {
            Gauge(inUse: $0.total - $0.idle.count, idle: $0.idle.count, waiting: $0.waiters.count, waits: $0.waits)
        }
    }

    /// Lends a connection for the time of `body`. One that comes back inside a transaction is rolled back, a broken one is replaced.
    ///
    /// - Throws: `.poolTimeout`, `.poolClosed`, `.connectionLost`, and what `body` throws.
    package func withConnection<T: Sendable>(_ body: (Connection) async throws -> T) async throws -> T {
        let connection = try await self.acquire()
        do {
            let value = try await body(connection)
            await self.release(connection)
            return value
        } catch {
            await self.release(connection)
            throw error
        }
    }

    package func query(_ sql: SQL) async throws(PostgresError) -> [Row] {
        try await self.lend { c throws(PostgresError) in try await c.query(sql) }
    }
    @discardableResult package func execute(_ sql: SQL) async throws(PostgresError) -> Int {
        try await self.lend { c throws(PostgresError) in try await c.execute(sql) }
    }
    package func pipeline(_ statements: [SQL]) async throws(PostgresError) -> [[Row]] {
        try await self.lend { c throws(PostgresError) in try await c.pipeline(statements) }
    }

    /// `withConnection` for bodies that fail only as PostgreSQL does.
    private func lend<T: Sendable>(_ body: (Connection) async throws(PostgresError) -> T) async throws(PostgresError) -> T {
        let connection = try await self.acquire()
        let result: Result<T, PostgresError>
        do throws(PostgresError) { result = .success(try await body(connection)) } catch { result = .failure(error) }
        await self.release(connection)
        return try result.get()
    }

    /// Refuses new loans and closes the idle connections; those lent are closed as they come back.
    package func close() async {
        let (idle, waiters) = self.state.withLock { state in
            state.isClosed = true
            defer {
                state.total -= state.idle.count
                state.idle = []
                state.waiters = []
            }
            return (state.idle, state.waiters)
        }
        for waiter in waiters { waiter.continuation.resume(returning: .failure(Self.closed)) }
        for connection in idle { await connection.close() }
        await self.bell.close()
    }

    // MARK: - Lending

    private static let closed = PostgresError(.poolClosed, "the pool is closed")

    private func acquire() async throws(PostgresError) -> Connection {
        while true {
            switch try await self.claim() {
            case .slot: return try await self.open()
            case .connection(let connection):
                guard connection.isStale else { return connection }
                await self.discard(connection)
            }
        }
    }

    private func claim() async throws(PostgresError) -> Claim {
        if let claim = try self.state.withLock({ state throws(PostgresError) in try Self.claimNow(&state) }) { return claim }
        let start = ContinuousClock.now
        let id = self.state.withLock { state in
            state.nextWaiter += 1
            return state.nextWaiter
        }
        let timeout = Task { [acquireTimeout] in
            guard (try? await Task.sleep(for: acquireTimeout)) != nil else { return }
            self.giveUp(id, PostgresError(.poolTimeout, "no connection came free in time"))
        }
        defer { timeout.cancel() }
        let result = await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                let answer: Result<Claim, PostgresError>? = self.state.withLock { state in
                    do throws(PostgresError) {
                        if let claim = try Self.claimNow(&state) { return .success(claim) }
                    } catch { return .failure(error) }
                    state.waiters.append(Waiter(id: id, continuation: continuation))
                    return nil
                }
                if let answer { return continuation.resume(returning: answer) }
                // Cancelled before it queued: the handler found nobody to wake.
                if Task.isCancelled { self.giveUp(id, PostgresError(.queryCancelled, "the task was cancelled")) }
            }
        } onCancel: {
            self.giveUp(id, PostgresError(.queryCancelled, "the task was cancelled"))
        }
        self.state.withLock { $0.waits.record(start.duration(to: .now)) }
        return try result.get()
    }

    /// Nil when everything is lent. Whoever waits already is never overtaken: nothing is idle or free while somebody waits.
    private static func claimNow(_ state: inout State) throws(PostgresError) -> Claim? {
        guard !state.isClosed else { throw Self.closed }
        if let connection = state.idle.popLast() { return .connection(connection) }
        guard state.total < state.size else { return nil }
        state.total += 1
        return .slot
    }

    private func giveUp(_ id: Int, _ error: PostgresError) {
        let waiter = self.state.withLock { state in
            state.waiters.firstIndex { $0.id == id }.map { state.waiters.remove(at: $0) }
        }
        waiter?.continuation.resume(returning: .failure(error))
    }

    private func open() async throws(PostgresError) -> Connection {
        do throws(PostgresError) {
            return try await Connection.open(self.settings)
        } catch {
            // Whoever still waits may get one that is lent. When none is, a server that refuses one refuses all.
            let waiters = self.state.withLock { state in
                state.total -= 1
                guard state.total == 0 else { return [Waiter]() }
                defer { state.waiters = [] }
                return state.waiters
            }
            for waiter in waiters { waiter.continuation.resume(returning: .failure(error)) }
            throw error
        }
    }

    private func release(_ connection: Connection) async {
        if !connection.isIdle { await connection.rollback() }
        guard connection.isIdle, !connection.hasCarriedMuch else { return await self.discard(connection) }
        let (waiter, isClosed): (Waiter?, Bool) = self.state.withLock { state in
            if state.isClosed {
                state.total -= 1
                return (nil, true)
            }
            guard state.waiters.isEmpty else { return (state.waiters.removeFirst(), false) }
            state.idle.append(connection)
            return (nil, false)
        }
        if isClosed { await connection.close() }
        waiter?.continuation.resume(returning: .success(.connection(connection)))
    }

    /// Drops a broken connection, or one that has grown. Its slot passes to whoever waits first, who opens another.
    private func discard(_ connection: Connection) async {
        self.logger.info("dropping a database connection", metadata: ["is_broken": "\(!connection.hasCarriedMuch)"])
        let waiter: Waiter? = self.state.withLock { state in
            guard state.waiters.isEmpty else { return state.waiters.removeFirst() }
            state.total -= 1
            return nil
        }
        waiter?.continuation.resume(returning: .success(.slot))
        await connection.close()
    }

    // MARK: - Health

    /// Asks the connections that are idle now for a sign of life, one after the other, and drops those that give none.
    func checkIdle() async {
        let count = self.state.withLock { $0.idle.count }
        for _ in 0..<count {
            // The least recently used first; it comes back as the most recently used, so each is asked once.
            let connection: Connection? = self.state.withLock { $0.idle.isEmpty ? nil : $0.idle.removeFirst() }
            guard let connection else { return }
            if await connection.isAlive(within: .seconds(5)) {
                await self.release(connection)
            } else {
                await self.discard(connection)
            }
        }
    }
}
