import Foundation
import Parley
import Postgres

/// What a mail must know that other messages need not: what it answers, under which subject, and the bytes of its files.
///
/// Asked for by itself, so that the query every delivery makes stays small.
struct MailContexts: Sendable {
    let pool: Pool

    /// Of the messages before it, so many are named in References.
    private static let ancestors = 30

    /// A mail of the conversation that an answer can name.
    private struct Ancestor {
        var message: UUID
        var id: String
        var isInbound: Bool
    }

    func complete(_ delivery: inout LoadedDelivery, withFilesUpTo limit: Int) async throws {
        let (workspace, message) = (delivery.workspace.uuid, delivery.message.id.uuid)
        let ids = delivery.message.body.media.compactMap(\.attachment?.uuid)
        let rows = try await self.pool.query(in: .workspace(workspace), Self.history(of: message, in: workspace))
        let files = ids.isEmpty ? [] : try await self.pool.query(in: .workspace(workspace), Self.files(ids, upTo: limit, in: workspace))

        var history: [Ancestor] = []  // newest first
        for row in rows {
            delivery.message.createdAt = try row.value("created_at", as: Date.self)
            guard let id = try row.optional("external_id", as: String.self).flatMap(Self.messageID) else { continue }
            let isInbound = try row.value("direction", as: MessageInsertion.Direction.self) == .inbound
            history.append(Ancestor(message: try row.value("id"), id: id, isInbound: isInbound))
            if delivery.message.subject == nil { delivery.message.subject = try row.optional("subject") }
        }
        delivery.message.conversation = delivery.conversation
        if let parent = history.first(where: \.isInbound) ?? history.first {
            let older = history.drop { $0.message != parent.message }.dropFirst().reversed().map(\.id)
            delivery.message.inReplyTo = parent.id
            // The adapter names an id once, at its last place. So the parent's References stay as they are (RFC 5322 section 3.6.4), and
            // mails of ours that its program left out of them stand before.
            delivery.message.references = older + (try await self.references(of: parent.message, in: workspace))
        }
        delivery.message.files = try files.map { row in
            AttachmentFile(
                sha256: try row.value("sha256"),
                contentType: try row.value("content_type"),
                declaredType: try row.optional("declared_type"),
                filename: try row.optional("filename"),
                bytes: try row.value("bytes")
            )
        }
    }

    /// What a mail of the conversation named before itself, oldest first; nothing for ours, whose references are the conversation's.
    private func references(of message: UUID, in workspace: UUID) async throws -> [String] {
        let rows = try await self.pool.query(
            in: .workspace(workspace),
            "SELECT ids FROM mail_references WHERE workspace_id = \(workspace) AND message_id = \(message)"
        )
        return try rows.first?.value("ids", as: String.self).split(separator: " ").map(String.init) ?? []
    }

    /// The message's own row comes along with each one before it; alone, when there is none.
    private static func history(of message: UUID, in workspace: UUID) -> SQL {
        """
        SELECT m.created_at, h.id, h.direction, h.external_id, h.subject FROM messages m
        LEFT JOIN LATERAL (
            SELECT b.id, b.seq, b.direction, b.body ->> 'subject' AS subject, CASE b.direction WHEN 'inbound' THEN b.external_id ELSE (
                SELECT p.external_id FROM deliveries d JOIN delivery_parts p ON p.workspace_id = d.workspace_id AND p.delivery_id = d.id
                WHERE d.workspace_id = b.workspace_id AND d.message_id = b.id AND p.external_id IS NOT NULL ORDER BY p.part LIMIT 1
            ) END AS external_id
            FROM messages b WHERE b.workspace_id = m.workspace_id AND b.conversation_id = m.conversation_id AND b.channel_id = m.channel_id
                AND b.seq < m.seq ORDER BY b.seq DESC LIMIT \(Self.ancestors)
        ) h ON true
        WHERE m.workspace_id = \(workspace) AND m.id = \(message) ORDER BY h.seq DESC
        """
    }

    /// In the message's order, as long as they weigh no more than `limit` bytes together.
    private static func files(_ ids: [UUID], upTo limit: Int, in workspace: UUID) -> SQL {
        """
        SELECT a.sha256, a.content_type, a.declared_type, a.filename, a.bytes FROM (
            SELECT *, sum(size) OVER (ORDER BY array_position(\(ids), id)) AS weight FROM attachments
            WHERE workspace_id = \(workspace) AND id = ANY(\(ids))
        ) a WHERE a.weight <= \(limit)
        """
    }

    /// A received mail is named by its Message-ID and what tells it from others that bear the same; ours by the Message-ID alone.
    private static func messageID(_ externalID: String) -> String? {
        guard externalID.hasPrefix("<"), let end = externalID.firstIndex(of: ">") else { return nil }
        return String(externalID[...end])
    }
}
