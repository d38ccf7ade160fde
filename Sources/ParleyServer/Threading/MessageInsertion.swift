package import Foundation
package import Parley
package import Postgres

/// The one way a message gets into its conversation, from the threader and from the API alike.
///
/// Numbers are taken when the row is written, under the conversation's lock, so that `seq` has no gap whoever writes at the same moment (I6).
/// A conversation that is no longer open fails the statement with SQLSTATE PQ002, and nothing of it is written.
package enum MessageInsertion {
    package enum Direction: String, Sendable, CaseIterable { case inbound, outbound }

    package struct Row: Sendable {
        package var workspace: WorkspaceID
        package var id: MessageID
        package var place: ThreadingPlan.Place
        package var channel: ChannelID
        /// Who wrote it; nil for whom the conversation is with, which is what an outbound message means.
        package var person: Person?
        package var direction: Direction
        package var externalID: String?
        package var senderKey: KeyID?
        package var body: Body
        package var why: Why
        package var isAutomatic = false
        package var wantsNoAnswer = false
        package var request: UUID?
        package var sentAt: Date?
        package var createdAt: Date

        /// A message somebody posts into an open conversation through the API.
        package static func posted(_ draft: OutboundStore.Draft, _ posted: OutboundStore.Posted, of workspace: WorkspaceID) -> Row {
            Row(
                workspace: workspace,
                id: posted.id,
                place: .conversation(posted.conversation),
                channel: posted.channel,
                direction: .outbound,
                senderKey: draft.sender,
                body: draft.body,
                why: .posted,
                isAutomatic: draft.isAutomatic,
                createdAt: draft.date
            )
        }
    }

    /// Writes the rows in their order, with one `message.created` event each; answers `id`, `conversation_id`, `seq`.
    package static func statement(_ rows: [Row]) -> SQL {
        """
        WITH given AS (
            SELECT g.*, coalesce(g.known, (SELECT c.id FROM conversations c WHERE c.workspace_id = g.workspace_id
                AND c.channel_id = g.channel_id AND c.thread_key = g.thread_key AND c.status = 'active')) AS conversation_id
            FROM unnest(
                \(rows.map(\.workspace.uuid)), \(rows.map(\.id.uuid)), \(rows.map(\.place.conversation)), \(rows.map(\.place.threadKey)),
                \(rows.map(\.channel.uuid)), \(rows.map(\.person?.address.space.rawValue)), \(rows.map(\.person?.address.value)),
                \(rows.map(\.direction.rawValue)), \(rows.map(\.externalID)), \(rows.map(\.senderKey?.uuid)),
                \(rows.map { JSONText($0.body.json.text) }), \(rows.map { JSONText($0.why.json.text) }), \(rows.map(\.isAutomatic)),
                \(rows.map(\.wantsNoAnswer)), \(rows.map(\.request)), \(rows.map(\.sentAt)), \(rows.map(\.createdAt))
            ) WITH ORDINALITY AS g (workspace_id, id, known, thread_key, channel_id, space, address, direction, external_id, sender_key_id,
                body, why, is_automatic, wants_no_answer, request_id, sent_at, created_at, position)
        ), numbered AS MATERIALIZED (
            SELECT t.workspace_id, t.conversation_id, n.before, n.identity FROM (
                SELECT workspace_id, conversation_id, count(*) AS messages FROM given GROUP BY 1, 2 ORDER BY 1, 2
            ) t CROSS JOIN LATERAL number_messages(t.workspace_id, t.conversation_id, t.messages) n
        ), message AS (
            INSERT INTO messages (workspace_id, id, conversation_id, seq, channel_id, identity_id, direction, external_id, sender_key_id,
                body, why, is_automatic, wants_no_answer, request_id, sent_at, created_at)
            SELECT g.workspace_id, g.id, g.conversation_id,
                n.before + row_number() OVER (PARTITION BY g.workspace_id, g.conversation_id ORDER BY g.position), g.channel_id,
                coalesce((SELECT i.id FROM identities i WHERE i.workspace_id = g.workspace_id AND i.space = g.space
                    AND i.address = g.address), n.identity),
                g.direction, g.external_id, g.sender_key_id, g.body, g.why, g.is_automatic, g.wants_no_answer,
                g.request_id, g.sent_at, g.created_at
            FROM given g LEFT JOIN numbered n ON n.workspace_id = g.workspace_id AND n.conversation_id = g.conversation_id
            ORDER BY g.position
            RETURNING workspace_id, id, conversation_id, seq, direction
        ), event AS (
            INSERT INTO events (workspace_id, type, conversation_id, message_id, data)
            SELECT workspace_id, 'message.created', conversation_id, id, jsonb_build_object('direction', direction, 'seq', seq) FROM message
        )
        SELECT id, conversation_id, seq FROM message
        """
    }
}

extension Why {
    /// Somebody posts into an open conversation.
    static let posted = Why(rule: .posted, act: .joined)
}

extension ThreadingPlan.Place {
    /// The conversation, where it was known when the plan was made.
    package var conversation: UUID? {
        switch self {
        case .conversation(let id): id.uuid
        case .slot: nil
        }
    }
    /// What finds it when it was not.
    package var threadKey: String? {
        switch self {
        case .conversation: nil
        case .slot(let slot): slot.key.rawValue
        }
    }
}

extension PostgresError.Code {
    /// Raised by `number_messages` of sql/0004: the conversation was ended since it was chosen.
    package static let conversationNotOpen = PostgresError.Code(rawValue: "PQ002")
}
