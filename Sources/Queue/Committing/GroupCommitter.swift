package import Postgres

/// Commits whatever waits at the same moment in one transaction. When a group fails, each unit is tried alone.
package struct GroupCommitter<Unit: Sendable>: Sendable {
    private let gathering: Gathering<Unit, [[Row]], PostgresError>

    /// - Parameters:
    ///   - largest: how many units one group may have.
    ///   - observe: told of each transaction: its units, and how long it took.
    ///   - compose: the statements for a group, without BEGIN and COMMIT.
    package init(
        pool: Pool,
        scope: WorkspaceScope = .all,
        largest: Int = 256,
        observe: @escaping @Sendable (_ units: Int, _ duration: Duration) -> Void = { _, _ in },
        compose: @escaping @Sendable ([Unit]) -> [SQL]
    ) {
        self.gathering = Gathering(largest: largest, goesAlone: { !$0.isUnavailable }) { units throws(PostgresError) in
            let start = ContinuousClock.now
            defer { observe(units.count, start.duration(to: .now)) }
            let rows = try await pool.pipeline(in: scope, compose(units))
            return Array(repeating: rows, count: units.count)
        }
    }

    /// Returns once the unit is committed, with the rows of the whole group's statements.
    package func commit(_ unit: Unit) async throws(PostgresError) -> [[Row]] { try await self.gathering(unit) }
}
