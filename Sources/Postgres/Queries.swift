package import Foundation

/// Something statements can be sent to: a connection, a transaction, a pool.
package protocol Queries: Sendable {
    func query(_ sql: SQL) async throws(PostgresError) -> [Row]
    /// All statements in one round trip, in order; the first failure skips the rest and is thrown.
    func pipeline(_ statements: [SQL]) async throws(PostgresError) -> [[Row]]
    /// - Returns: how many rows the statement changed.
    @discardableResult func execute(_ sql: SQL) async throws(PostgresError) -> Int
}

/// Whose rows a transaction may see and write (row level security, sql/0006).
package enum WorkspaceScope: Hashable, Sendable {
    case workspace(UUID)
    /// For workers, whose batches span workspaces, and for look-ups before the workspace is known.
    case all

    var setting: String {
        switch self {
        case .workspace(let id): id.uuidString.lowercased()
        case .all: "*"
        }
    }
    var statement: SQL { "SELECT set_config('parley.workspace', \(self.setting), true)" }
}

/// How much a transaction is shielded from others.
package enum Isolation: String, Sendable {
    case readCommitted = "READ COMMITTED", repeatableRead = "REPEATABLE READ", serializable = "SERIALIZABLE"
    var begin: SQL { self == .readCommitted ? "BEGIN" : SQL(trusted: "BEGIN ISOLATION LEVEL \(self.rawValue)") }
}
