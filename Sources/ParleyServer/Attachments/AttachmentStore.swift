import Channels
package import Foundation
import HTTPTypes
import HummingbirdCore
package import Parley
package import Postgres

/// The files of messages: named by their content, so that storing twice is storing once.
package enum AttachmentStore {
    /// A file with what is known of it, without its bytes.
    package struct Record: Hashable, Sendable {
        package var id: AttachmentID
        package var sha256: [UInt8]
        package var contentType: String
        package var filename: String?
        package var size: Int64
        package var createdAt: Date
    }

    /// Those of `ids` that there are.
    package static func records(_ ids: [AttachmentID], in workspace: WorkspaceID, on queries: any Queries) async throws -> [Record] {
        guard !ids.isEmpty else { return [] }
        return try await queries.query(
            """
            SELECT id, sha256, content_type, filename, size, created_at FROM attachments
            WHERE workspace_id = \(workspace.uuid) AND id = ANY(\(ids.map(\.uuid)))
            """
        ).map(Self.record)
    }

    /// One file with its bytes; nil when there is none.
    package static func file(
        _ id: AttachmentID,
        in workspace: WorkspaceID,
        from pool: Pool
    ) async throws -> (record: Record, bytes: [UInt8])? {
        let rows = try await pool.query(
            in: .workspace(workspace.uuid),
            """
            SELECT id, sha256, content_type, filename, size, created_at, bytes FROM attachments
            WHERE workspace_id = \(workspace.uuid) AND id = \(id.uuid)
            """
        )
        guard let row = rows.first else { return nil }
        return (try Self.record(row), try row.value("bytes"))
    }

    private static func record(_ row: Row) throws(PostgresError) -> Record {
        Record(
            id: AttachmentID(try row.value("id")),
            sha256: try row.value("sha256"),
            contentType: try row.value("content_type"),
            filename: try row.optional("filename"),
            size: try row.value("size"),
            createdAt: try row.value("created_at")
        )
    }
}
