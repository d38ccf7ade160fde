import Synchronization

/// A transaction that is open: statements sent to it see one workspace, or all.
package struct Transaction: Queries {
    private let connection: Connection
    private let state: State

    private final class State: Sendable {
        /// What the first round trip must begin with. BEGIN rides with the first statements and costs no round trip of its own.
        private let opening: Mutex<[SQL]>
        private let notices = Mutex<[Notice]>([])
        init(opening: [SQL]) { self.opening = Mutex(opening) }
        func takeOpening() -> [SQL] {
            self.opening.withLock { statements in
                defer { statements = [] }
                return statements
            }
        }
        func add(_ notices: [Notice]) { self.notices.withLock { $0 += notices } }
        var allNotices: [Notice] { self.notices.withLock { $0 } }
    }

    init(on connection: Connection, isolation: Isolation, scope: WorkspaceScope) {
        self.connection = connection
        self.state = State(opening: [isolation.begin, scope.statement])
    }

    /// Sends `notices` once the transaction is committed; never when it is not.
    package func notifyAfterCommit(_ notices: [Notice]) { self.state.add(notices) }
    var notices: [Notice] { self.state.allNotices }

    package func query(_ sql: SQL) async throws(PostgresError) -> [Row] { try await self.run([sql])[0].rows }
    @discardableResult package func execute(_ sql: SQL) async throws(PostgresError) -> Int { try await self.run([sql])[0].affected }
    package func pipeline(_ statements: [SQL]) async throws(PostgresError) -> [[Row]] { try await self.run(statements).map(\.rows) }

    private func run(_ statements: [SQL]) async throws(PostgresError) -> [QueryResult] {
        guard !statements.isEmpty else { return [] }
        let opening = self.state.takeOpening()
        return Array(try await self.connection.run(opening + statements).dropFirst(opening.count))
    }

    /// - Throws: the server rolls a failed transaction back without calling it an error; here it is one (25P02).
    func commit() async throws(PostgresError) {
        guard self.state.takeOpening().isEmpty else { return }  // nothing was ever sent
        guard try await !self.connection.run(["COMMIT"])[0].isRollback else {
            throw PostgresError(.failedTransaction, "the transaction had failed, so it was rolled back")
        }
    }
}

extension Pool {
    /// How often a transaction is tried before its conflict is the caller's.
    private static let tries = 5

    /// Runs `body` in one transaction and commits it; when it throws, rolls back.
    ///
    /// - Parameter body: may run again, up to five times, after a serialization failure or a deadlock: it must have no other effect.
    /// - Throws: `PostgresError` with `isCommitUnknown` when the line broke at COMMIT; and what `body` throws.
    package func transaction<T: Sendable>(
        in scope: WorkspaceScope,
        isolation: Isolation = .readCommitted,
        _ body: @Sendable (Transaction) async throws -> T
    ) async throws -> T {
        var attempt = 1
        while true {
            do {
                let (value, notices) = try await self.withConnection { connection in
                    let transaction = Transaction(on: connection, isolation: isolation, scope: scope)
                    let value = try await body(transaction)
                    try await transaction.commit()
                    return (value, transaction.notices)
                }
                if !notices.isEmpty { await self.bell.ring(notices) }
                return value
            } catch let error as PostgresError where error.isRetryable && attempt < Self.tries {
                try await Self.pause(before: attempt)
                attempt += 1
            }
        }
    }

    /// BEGIN, the workspace, all `statements` and COMMIT in one round trip. Tried again as `transaction` is.
    package func pipeline(in scope: WorkspaceScope, _ statements: [SQL]) async throws(PostgresError) -> [[Row]] {
        var attempt = 1
        while true {
            do throws(PostgresError) {
                let results = try await self.pipeline(["BEGIN", scope.statement] + statements + ["COMMIT"])
                return Array(results.dropFirst(2).dropLast())
            } catch {
                guard error.isRetryable, attempt < Self.tries, (try? await Self.pause(before: attempt)) != nil else { throw error }
                attempt += 1
            }
        }
    }

    /// Sends `notices` now, together with whatever else waits to be sent. Lost when the database is away.
    package func notify(_ notices: [Notice]) async { await self.bell.ring(notices) }

    package func query(in scope: WorkspaceScope, _ sql: SQL) async throws(PostgresError) -> [Row] {
        try await self.pipeline(in: scope, [sql])[0]
    }

    /// Full jitter, so that two that collided do not collide again.
    private static func pause(before attempt: Int) async throws {
        try await Task.sleep(for: .milliseconds(Int.random(in: 0...(10 << attempt))))
    }
}

extension Connection {
    /// Leaves the transaction the session stands in, if it stands in one.
    func rollback() async {
        guard !self.isBroken, !self.isIdle else { return }
        // A task of its own: one that was cancelled must still leave the connection clean.
        await Task { [self] in _ = try? await self.execute("ROLLBACK") }.value
    }
}
