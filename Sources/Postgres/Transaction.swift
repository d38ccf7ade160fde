/// A transaction that is open: statements sent to it see one workspace, or all.
package struct Transaction: Queries {
    let connection: Connection
    /// What the first round trip must begin with.
    private let opening: Opening

    /// BEGIN rides with the first statements, so that it costs no round trip of its own.
    actor Opening {
        private var statements: [SQL]
        init(_ statements: [SQL]) { self.statements = statements }
        func take() -> [SQL] {
            defer { self.statements = [] }
            return self.statements
        }
    }

    init(on connection: Connection, isolation: Isolation, scope: WorkspaceScope) {
        self.connection = connection
        self.opening = Opening([isolation.begin, scope.statement])
    }

    package func query(_ sql: SQL) async throws(PostgresError) -> [Row] { try await self.pipeline([sql])[0] }

    package func pipeline(_ statements: [SQL]) async throws(PostgresError) -> [[Row]] {
        let opening = await self.opening.take()
        guard !opening.isEmpty else { return try await self.connection.pipeline(statements) }
        return Array(try await self.connection.pipeline(opening + statements).dropFirst(opening.count))
    }

    package func execute(_ sql: SQL) async throws(PostgresError) -> Int {
        let opening = await self.opening.take()
        if !opening.isEmpty { _ = try await self.connection.pipeline(opening) }
        return try await self.connection.execute(sql)
    }

    func commit() async throws(PostgresError) {
        guard await self.opening.take().isEmpty else { return }  // nothing was ever sent
        _ = try await self.connection.pipeline(["COMMIT"])
    }
}

extension Pool {
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
                return try await self.withConnection { connection in
                    let transaction = Transaction(on: connection, isolation: isolation, scope: scope)
                    let value = try await body(transaction)
                    try await transaction.commit()
                    return value
                }
            } catch let error as PostgresError where error.isRetryable && attempt < 5 {
                try await Self.pause(before: attempt)
                attempt += 1
            }
        }
    }

    /// BEGIN, the workspace, all `statements` and COMMIT in one round trip.
    package func pipeline(in scope: WorkspaceScope, _ statements: [SQL]) async throws(PostgresError) -> [[Row]] {
        var attempt = 1
        while true {
            do throws(PostgresError) {
                let results = try await self.pipeline(["BEGIN", scope.statement] + statements + ["COMMIT"])
                return Array(results.dropFirst(2).dropLast())
            } catch {
                guard error.isRetryable, attempt < 5, (try? await Self.pause(before: attempt)) != nil else { throw error }
                attempt += 1
            }
        }
    }

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
        // A task that was cancelled must still leave the connection clean.
        await Task { [self] in _ = try? await self.execute("ROLLBACK") }.value
    }
}
