import Foundation
import Parley
import Postgres

/// Messages as the API shows them.
enum MessageStore {
    /// - Parameter source: rows of `messages`, as `m`: a table expression with its filters, at most a page of them.
    static func select(from source: SQL, order: SQL) -> SQL {
        """
        SELECT m.id, m.conversation_id, m.seq, m.channel_id, i.contact_id, m.direction, m.external_id, m.sender_key_id, m.body, m.why,
            m.is_automatic, m.request_id, m.sent_at, m.created_at, d.state, d.reason, d.detail, d.possible_duplicate, d.degradations,
            r.edited_text, r.edited_at, r.deleted_at
        FROM (\(source)) m
        LEFT JOIN identities i ON i.workspace_id = m.workspace_id AND i.id = m.identity_id
        LEFT JOIN LATERAL (
            SELECT d.state, d.reason, d.detail, d.possible_duplicate, d.degradations FROM deliveries d
            WHERE d.workspace_id = m.workspace_id AND d.message_id = m.id ORDER BY d.id DESC LIMIT 1
        ) d ON true
        LEFT JOIN LATERAL (
            SELECT (array_agg(r.text ORDER BY r.created_at DESC, r.revision DESC) FILTER (WHERE r.kind = 'edit'))[1] AS edited_text,
                max(r.created_at) FILTER (WHERE r.kind = 'edit') AS edited_at,
                max(r.created_at) FILTER (WHERE r.kind = 'deletion') AS deleted_at
            FROM message_revisions r WHERE r.workspace_id = m.workspace_id AND r.message_id = m.id
        ) r ON true
        ORDER BY \(order)
        """
    }

    /// Newest first, those of one conversation by their number; nil filters let all through.
    static func page(
        in workspace: WorkspaceID,
        direction: MessageInsertion.Direction?,
        channel: ChannelID?,
        conversation: ConversationID?,
        before: UUID?,
        limit: Int
    ) -> SQL {
        let going = SQL.and(direction?.rawValue) { "m.direction = \($0)" }
        let over = SQL.and(channel) { "m.channel_id = \($0.uuid)" }
        guard let conversation else {
            let source: SQL = """
                SELECT m.* FROM messages m WHERE m.workspace_id = \(workspace.uuid) AND m.id < \(before ?? .highest) \(going) \(over)
                ORDER BY m.id DESC LIMIT \(limit)
                """
            return Self.select(from: source, order: "m.id DESC")
        }
        let source: SQL = """
            SELECT m.* FROM messages m WHERE m.workspace_id = \(workspace.uuid) AND m.conversation_id = \(conversation.uuid) \(going) \(over)
                AND m.seq < \(Self.seq(of: before, in: workspace, else: .max))
            ORDER BY m.seq DESC LIMIT \(limit)
            """
        return Self.select(from: source, order: "m.seq DESC")
    }

    /// In the order of the conversation: a reader goes on where the last page ended.
    static func transcript(of conversation: ConversationID, in workspace: WorkspaceID, after: UUID?, limit: Int) -> SQL {
        let source: SQL = """
            SELECT m.* FROM messages m WHERE m.workspace_id = \(workspace.uuid) AND m.conversation_id = \(conversation.uuid)
                AND m.seq > \(Self.seq(of: after, in: workspace, else: 0)) ORDER BY m.seq LIMIT \(limit)
            """
        return Self.select(from: source, order: "m.seq")
    }

    /// All of it within the SELECT: under row level security a condition with coalesce() of its own finds no index, as it might leak.
    private static func seq(of message: UUID?, in workspace: WorkspaceID, else missing: Int64) -> SQL {
        "(SELECT coalesce(max(a.seq), \(missing)) FROM messages a WHERE a.workspace_id = \(workspace.uuid) AND a.id = \(message))"
    }

    /// Deliveries with their parts and attempts, oldest first.
    static func deliveries(of message: MessageID, in workspace: WorkspaceID, on queries: any Queries) async throws -> [JSON] {
        let results = try await queries.pipeline([
            """
            SELECT id, channel_id, address, state, reason, detail, possible_duplicate, degradations, created_at, updated_at,
                \(Self.nextAttempt) AS next_attempt_at FROM deliveries d
            WHERE workspace_id = \(workspace.uuid) AND message_id = \(message.uuid) ORDER BY id
            """,
            """
            SELECT p.delivery_id, p.part, p.state, p.external_id, p.code, p.updated_at FROM delivery_parts p
            JOIN deliveries d ON d.workspace_id = p.workspace_id AND d.id = p.delivery_id
            WHERE d.workspace_id = \(workspace.uuid) AND d.message_id = \(message.uuid) ORDER BY p.part
            """,
            """
            SELECT a.delivery_id, a.number, a.part, a.started_at, a.ended_at, a.outcome, a.http_status, a.detail FROM attempts a
            JOIN deliveries d ON d.workspace_id = a.workspace_id AND d.id = a.delivery_id
            WHERE d.workspace_id = \(workspace.uuid) AND d.message_id = \(message.uuid) ORDER BY a.number
            """,
        ])
        let parts = try Dictionary(grouping: results[1]) { row throws in try row.value("delivery_id", as: UUID.self) }
        let attempts = try Dictionary(grouping: results[2]) { row throws in try row.value("delivery_id", as: UUID.self) }
        return try results[0].map { row in
            let id = try row.value("id", as: UUID.self)
            return try Self.delivery(row, parts: parts[id] ?? [], attempts: attempts[id] ?? [])
        }
    }

    /// Nil when there is none.
    static func delivery(_ id: DeliveryID, in workspace: WorkspaceID, on queries: any Queries) async throws -> JSON? {
        let rows = try await queries.query("SELECT message_id FROM deliveries WHERE workspace_id = \(workspace.uuid) AND id = \(id.uuid)")
        guard let row = rows.first else { return nil }
        let all = try await self.deliveries(of: MessageID(try row.value("message_id")), in: workspace, on: queries)
        return all.first { $0["id"]?.string == id.description }
    }

    private static func delivery(_ row: Row, parts: [Row], attempts: [Row]) throws -> JSON {
        [
            "id": try Self.id(row, "id"), "channelId": try Self.id(row, "channel_id"),
            "address": .string(try row.value("address")), "status": .string(try row.value("state")),
            "reason": try row.optional("reason", as: String.self).map(JSON.string) ?? .null,
            "reasonDetail": try row.optional("detail", as: String.self).map(JSON.string) ?? .null,
            "possibleDuplicate": .bool(try row.value("possible_duplicate")),
            "degradations": .array(try row.array("degradations", of: String.self).map(JSON.string)),
            "createdAt": try Self.moment(row, "created_at"), "updatedAt": try Self.moment(row, "updated_at"),
            "nextAttemptAt": try Self.moment(row, "next_attempt_at"),
            "parts": .array(
                try parts.map { part in
                    [
                        "part": .integer(try part.value("part", as: Int.self)), "status": .string(try part.value("state")),
                        "externalId": try part.optional("external_id", as: String.self).map(JSON.string) ?? .null,
                        "code": try part.optional("code", as: String.self).map(JSON.string) ?? .null,
                        "updatedAt": try Self.moment(part, "updated_at"),
                    ]
                }
            ),
            "attempts": .array(
                try attempts.map { attempt in
                    [
                        "number": .integer(try attempt.value("number", as: Int.self)),
                        "part": .integer(try attempt.value("part", as: Int.self)),
                        "startedAt": try Self.moment(attempt, "started_at"), "endedAt": try Self.moment(attempt, "ended_at"),
                        "outcome": try attempt.optional("outcome", as: String.self).map(JSON.string) ?? .null,
                        "httpStatus": try attempt.optional("http_status", as: Int.self).map { .integer($0) } ?? .null,
                        "detail": try attempt.optional("detail", as: String.self).map(JSON.string) ?? .null,
                    ]
                }
            ),
        ]
    }

    /// Every text the message had, oldest first; the first one is `body`'s own.
    static func revisions(of message: MessageID, in workspace: WorkspaceID, on queries: any Queries) async throws -> JSON {
        let rows = try await queries.query(
            """
            SELECT revision, kind, text, created_at FROM message_revisions
            WHERE workspace_id = \(workspace.uuid) AND message_id = \(message.uuid) ORDER BY created_at, revision
            """
        )
        return .array(
            try rows.map { row in
                [
                    "kind": .string(try row.value("kind")), "createdAt": try Self.moment(row, "created_at"),
                    "text": try row.optional("text", as: String.self).map(JSON.string) ?? .null,
                ]
            }
        )
    }

    /// When a delivery that waits will be tried again; null when it does not wait, or for a person.
    private static let nextAttempt: SQL = """
        (SELECT j.run_at FROM jobs j WHERE j.queue = 'outbox' AND j.key = d.conversation_id || ':' || d.channel_id AND j.waiting AND NOT j.held
            AND d.state = ANY(\(DeliveryState.underWay)) AND convert_from(j.payload, 'UTF8')::jsonb ->> 'delivery' = d.id::text
            LIMIT 1)
        """

    static func id(_ row: Row, _ column: String) throws(PostgresError) -> JSON {
        try row.optional(column, as: UUID.self).map { .string($0.uuidString.lowercased()) } ?? .null
    }

    static func moment(_ row: Row, _ column: String) throws(PostgresError) -> JSON {
        try row.optional(column, as: Date.self).map { .string(Moment.text($0)) } ?? .null
    }
}
