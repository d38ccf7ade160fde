import Foundation
import Parley
import Postgres

/// Conversations as the API shows them.
enum ConversationStore {
    struct Record: Sendable {
        var id: ConversationID
        var channel: ChannelID
        var json: JSON
    }

    private static let identity: SQL = "identities i ON i.workspace_id = c.workspace_id AND i.id = c.identity_id"
    private static let columns: SQL = """
        c.id, c.channel_id, i.contact_id, i.space, i.address, c.thread, c.name, c.status, c.last_seq, c.created_at, c.updated_at, c.ended_at,
        c.linked_to, c.flags
        """

    /// Newest first; nil filters let all through.
    static func page(
        in workspace: WorkspaceID,
        status: ConversationStatus?,
        channel: ChannelID?,
        contact: ContactID?,
        before: UUID?,
        limit: Int
    ) -> SQL {
        let standing = SQL.and(status?.rawValue) { "c.status = \($0)" }
        let over = SQL.and(channel) { "c.channel_id = \($0.uuid)" }
        func page(_ with: SQL) -> SQL {
            """
            SELECT c.* FROM conversations c
            WHERE c.workspace_id = \(workspace.uuid) AND c.id < \(before ?? .highest) \(standing) \(over) \(with)
            ORDER BY c.id DESC LIMIT \(limit)
            """
        }
        guard let contact else { return "SELECT \(Self.columns) FROM (\(page(""))) c LEFT JOIN \(Self.identity) ORDER BY c.id DESC" }
        return """
            SELECT \(Self.columns) FROM identities i CROSS JOIN LATERAL (\(page("AND c.identity_id = i.id"))) c
            WHERE i.workspace_id = \(workspace.uuid) AND i.contact_id = \(contact.uuid) ORDER BY c.id DESC LIMIT \(limit)
            """
    }

    /// - Parameter locking: until the transaction ends nobody else changes what was found.
    static func find(
        _ id: ConversationID,
        in workspace: WorkspaceID,
        locking: Bool = false,
        on queries: any Queries
    ) async throws -> Record? {
        let lock: SQL = locking ? "FOR NO KEY UPDATE OF c" : ""
        let rows = try await queries.query(
            """
            SELECT \(Self.columns) FROM conversations c LEFT JOIN \(Self.identity)
            WHERE c.workspace_id = \(workspace.uuid) AND c.id = \(id.uuid) \(lock)
            """
        )
        return try rows.first.map(Self.record)
    }

    /// Ends it, once: ending what has ended changes nothing.
    ///
    /// - Returns: the conversation as it was and as it is now; nil when there is none.
    static func end(
        _ id: ConversationID,
        in workspace: WorkspaceID,
        on transaction: Transaction
    ) async throws -> (before: Record, after: Record)? {
        guard let before = try await self.find(id, in: workspace, locking: true, on: transaction) else { return nil }
        _ = try await transaction.query(
            """
            WITH ended AS (
                UPDATE conversations SET status = 'ended', ended_at = now(), updated_at = now()
                WHERE workspace_id = \(workspace.uuid) AND id = \(id.uuid) AND status = 'active' RETURNING workspace_id, id
            )
            INSERT INTO events (workspace_id, type, conversation_id, data)
            SELECT workspace_id, 'conversation.updated', id, '{"status": "ended"}' FROM ended
            """
        )
        return try await self.find(id, in: workspace, on: transaction).map { (before, $0) }
    }

    static func participants(of id: ConversationID, in workspace: WorkspaceID, on queries: any Queries) async throws -> [JSON] {
        let rows = try await queries.query(
            """
            SELECT p.id, p.type, p.status, p.key_id, p.created_at, i.contact_id, i.space, i.address, i.display_name FROM participants p
            LEFT JOIN identities i ON i.workspace_id = p.workspace_id AND i.id = p.identity_id
            WHERE p.workspace_id = \(workspace.uuid) AND p.conversation_id = \(id.uuid) ORDER BY p.id LIMIT 1000
            """
        )
        return try rows.map { row in
            [
                "id": try MessageStore.id(row, "id"), "type": .string(try row.value("type")), "status": .string(try row.value("status")),
                "keyId": try MessageStore.id(row, "key_id"), "contactId": try MessageStore.id(row, "contact_id"),
                "address": try Self.address(row),
                "displayName": try row.optional("display_name", as: String.self).map(JSON.string) ?? .null,
                "createdAt": try MessageStore.moment(row, "created_at"),
            ]
        }
    }

    static func record(_ row: Row) throws -> Record {
        let id = ConversationID(try row.value("id", as: UUID.self))
        let json: [String: JSON] = [
            "id": .string(id.description), "channelId": try MessageStore.id(row, "channel_id"),
            "contactId": try MessageStore.id(row, "contact_id"), "address": try Self.address(row),
            "thread": try row.optional("thread", as: String.self).map(JSON.string) ?? .null,
            "name": try row.optional("name", as: String.self).map(JSON.string) ?? .null, "status": .string(try row.value("status")),
            "lastSeq": .integer(try row.value("last_seq", as: Int.self)), "createdAt": try MessageStore.moment(row, "created_at"),
            "updatedAt": try MessageStore.moment(row, "updated_at"), "endedAt": try MessageStore.moment(row, "ended_at"),
            "linkedConversationId": try MessageStore.id(row, "linked_to"),
            "flags": .array(try row.array("flags", of: String.self).map(JSON.string)),
        ]
        return Record(id: id, channel: ChannelID(try row.value("channel_id", as: UUID.self)), json: .object(json))
    }

    private static func address(_ row: Row) throws(PostgresError) -> JSON {
        guard let space: String = try row.optional("space") else { return .null }
        return ["space": .string(space), "value": .string(try row.value("address"))]
    }
}
