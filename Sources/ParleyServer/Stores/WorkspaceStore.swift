package import Foundation
package import Parley
package import Postgres

/// One tenant: everything else belongs to one.
package struct WorkspaceRecord: Sendable {
    package var id: WorkspaceID
    package var name: String
    package var createdAt: Date
}

/// The workspaces. Made by the operator's commands, never by a workspace's own key.
package struct WorkspaceStore: Sendable {
    private let pool: Pool

    package init(pool: Pool) { self.pool = pool }

    package func create(name: String, at now: Date = Date()) async throws -> WorkspaceRecord {
        let id = WorkspaceID.make(at: now)
        return try await self.pool.transaction(in: .workspace(id.uuid)) { try await Self.create(id, name: name, on: $0) }
    }

    /// `create` within the caller's transaction, which must be the new workspace's.
    @discardableResult
    static func create(_ id: WorkspaceID, name: String, on queries: any Queries) async throws -> WorkspaceRecord {
        let rows = try await queries.query(
            "INSERT INTO workspaces (id, name) VALUES (\(id.uuid), \(name)) RETURNING id, name, created_at"
        )
        return try Self.record(rows[0])
    }

    /// Oldest first.
    package func all() async throws -> [WorkspaceRecord] {
        try await self.pool.query(in: .all, "SELECT id, name, created_at FROM workspaces ORDER BY id").map(Self.record)
    }

    package func find(_ id: WorkspaceID) async throws -> WorkspaceRecord? {
        let rows = try await self.pool.query(in: .workspace(id.uuid), "SELECT id, name, created_at FROM workspaces WHERE id = \(id.uuid)")
        return try rows.first.map(Self.record)
    }

    private static func record(_ row: Row) throws(PostgresError) -> WorkspaceRecord {
        WorkspaceRecord(
            id: WorkspaceID(try row.value("id", as: UUID.self)),
            name: try row.value("name"),
            createdAt: try row.value("created_at")
        )
    }
}
