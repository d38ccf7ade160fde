package import Logging
import Synchronization

/// A bounded set of connections, lent one at a time, first come first served.
package final class Pool: Queries {
    private struct Waiter {
        var id: Int
        var continuation: CheckedContinuation<Result<Connection, PostgresError>, Never>
    }
    private struct State {
        var idle: [Connection] = []
        /// Open or being opened.
        var total = 0
        var waiters: [Waiter] = []
        var nextWaiter = 0
        var isClosed = false
        var waits = WaitTimes()
    }

    package let settings: ConnectionSettings
    private let size: Int
    private let acquireTimeout: Duration
    private let logger: Logger
    private let state = Mutex(State())

    package init(settings: ConnectionSettings, size: Int, acquireTimeout: Duration = .seconds(5), logger: Logger) {
        self.settings = settings
        self.size = size
        self.acquireTimeout = acquireTimeout
        self.logger = logger
    }

    /// How the pool is used just now, for metrics.
    package struct Gauge: Sendable {
        package var inUse: Int
        package var idle: Int
        package var waiting: Int
        package var waits: WaitTimes
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
    package func execute(_ sql: SQL) async throws(PostgresError) -> Int {
        try await self.lend { c throws(PostgresError) in try await c.execute(sql) }
    }
    package func pipeline(_ statements: [SQL]) async throws(PostgresError) -> [[Row]] {
        try await self.lend { c throws(PostgresError) in try await c.pipeline(statements) }
    }

    /// `withConnection` for bodies that fail only as PostgreSQL does.
    func lend<T: Sendable>(_ body: (Connection) async throws(PostgresError) -> T) async throws(PostgresError) -> T {
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
                state.idle = []
                state.waiters = []
            }
            return (state.idle, state.waiters)
        }
        for waiter in waiters { waiter.continuation.resume(returning: .failure(PostgresError(.poolClosed, "the pool is closed"))) }
        for connection in idle { await connection.close() }
    }

    // MARK: - Lending

    private enum Claim {
        case connection(Connection)
        case open
        case wait
        case closed
    }

    private func acquire() async throws(PostgresError) -> Connection {
        while true {
            let claim: Claim = self.state.withLock { state in
                if state.isClosed { return .closed }
                if let connection = state.idle.popLast() { return .connection(connection) }
                guard state.total < self.size else { return .wait }
                state.total += 1
                return .open
            }
            switch claim {
            case .closed: throw PostgresError(.poolClosed, "the pool is closed")
            case .open: return try await self.open()
            case .wait: return try await self.wait()
            case .connection(let connection):
                guard await connection.isStale else { return connection }
                await self.discard(connection)
            }
        }
    }

    private func open() async throws(PostgresError) -> Connection {
        do throws(PostgresError) {
            return try await Connection.open(self.settings)
        } catch {
            // Whoever waits for this slot would wait for nothing: a server that refuses one refuses all.
            let waiters = self.state.withLock { state in
                state.total -= 1
                defer { state.waiters = [] }
                return state.waiters
            }
            for waiter in waiters { waiter.continuation.resume(returning: .failure(error)) }
            throw error
        }
    }

    private func wait() async throws(PostgresError) -> Connection {
        let start = ContinuousClock.now
        let id = self.state.withLock { state in
            state.nextWaiter += 1
            return state.nextWaiter
        }
        let timeout = Task { [acquireTimeout] in
            try? await Task.sleep(for: acquireTimeout)
            guard !Task.isCancelled else { return }
            self.giveUp(id, PostgresError(.poolTimeout, "no connection came free in time"))
        }
        defer { timeout.cancel() }
        let result = await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                let claim: Claim = self.state.withLock { state in
                    if state.isClosed { return .closed }
                    if let connection = state.idle.popLast() { return .connection(connection) }
                    state.waiters.append(Waiter(id: id, continuation: continuation))
                    return .wait
                }
                switch claim {
                case .connection(let connection): continuation.resume(returning: .success(connection))
                case .closed: continuation.resume(returning: .failure(PostgresError(.poolClosed, "the pool is closed")))
                case .wait, .open:
                    if Task.isCancelled { self.giveUp(id, PostgresError(.queryCancelled, "the task was cancelled")) }
                }
            }
        } onCancel: {
            self.giveUp(id, PostgresError(.queryCancelled, "the task was cancelled"))
        }
        self.state.withLock { $0.waits.record(start.duration(to: .now)) }
        return try result.get()
    }

    private func giveUp(_ id: Int, _ error: PostgresError) {
        let waiter = self.state.withLock { state in
            state.waiters.firstIndex { $0.id == id }.map { state.waiters.remove(at: $0) }
        }
        waiter?.continuation.resume(returning: .failure(error))
    }

    private func release(_ connection: Connection) async {
        if await !connection.isIdle { await connection.rollback() }
        guard await connection.isIdle else { return await self.discard(connection) }
        let (waiter, isClosed): (Waiter?, Bool) = self.state.withLock { state in
            if state.isClosed {
                state.total -= 1
                return (nil, true)
            }
            guard !state.waiters.isEmpty else {
                state.idle.append(connection)
                return (nil, false)
            }
            return (state.waiters.removeFirst(), false)
        }
        if isClosed { await connection.close() }
        waiter?.continuation.resume(returning: .success(connection))
    }

    /// Drops a broken connection and, when somebody waits, opens another for them.
    private func discard(_ connection: Connection) async {
        await connection.close()
        let waiter: Waiter? = self.state.withLock { state in
            guard !state.waiters.isEmpty else {
                state.total -= 1
                return nil
            }
            return state.waiters.removeFirst()
        }
        guard let waiter else { return }
        self.logger.info("replacing a broken connection")
        Task {
            do throws(PostgresError) {
                waiter.continuation.resume(returning: .success(try await self.open()))
            } catch {
                waiter.continuation.resume(returning: .failure(error))
            }
        }
    }
}

/// How long loans were waited for: a histogram, cumulative as Prometheus counts.
package struct WaitTimes: Sendable {
    /// Upper bounds in seconds; the last bucket has none.
    package static let bounds: [Double] = [0.001, 0.005, 0.025, 0.1, 0.5, 2.5]
    package private(set) var counts = [Int](repeating: 0, count: WaitTimes.bounds.count + 1)
    /// Seconds.
    package private(set) var sum = 0.0

    mutating func record(_ duration: Duration) {
        let seconds = Double(duration.components.seconds) + Double(duration.components.attoseconds) / 1e18
        self.sum += seconds
        self.counts[Self.bounds.firstIndex { seconds <= $0 } ?? Self.bounds.count] += 1
    }
}
