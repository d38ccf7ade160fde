/// Something statements can be sent to: a connection, a transaction, a pool.
package protocol Queries: Sendable {
    func query(_ sql: SQL) async throws(PostgresError) -> [Row]
    /// All statements in one round trip, in order; the first failure skips the rest and is thrown.
    func pipeline(_ statements: [SQL]) async throws(PostgresError) -> [[Row]]
    /// - Returns: how many rows the statement changed.
    @discardableResult func execute(_ sql: SQL) async throws(PostgresError) -> Int
}
