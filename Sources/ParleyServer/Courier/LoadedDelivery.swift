import Foundation
package import Parley
import Postgres

/// One delivery with all that a try needs, as it was at one moment.
struct LoadedDelivery: Sendable {
    /// A try that was begun and whose outcome was never recorded.
    struct OpenAttempt: Hashable, Sendable {
        var number: Int
        var part: Int
        /// Comes before the message, so that making it again does no harm.
        var isStep: Bool
        var worker: UUID
    }

    var message: OutboundMessage
    var workspace: WorkspaceID
    var conversation: ConversationID
    var identity: UUID?
    var state: DeliveryState
    var reason: DeliveryReason?
    var age: Duration
    var isStopped: Bool
    var channel: SealedChannel
    /// Whether the channel's breaker has anything to say.
    var hasFailures: Bool
    /// Parts the provider has, from the first on.
    var partsSent: Int
    var attempts: Int
    var failures: Int
    var unknowns: Int
    var open: OpenAttempt?
    /// The part whose latest try may have arrived; nil when the latest try's outcome is known.
    var doubtfulPart: Int?

    func soFar(attempts: Int, partsLeft: Int) -> DeliverySoFar {
        DeliverySoFar(age: self.age, failures: self.failures, attempts: attempts, unknowns: self.unknowns, partsLeft: partsLeft)
    }
}

/// A channel as the database keeps it, its settings sealed.
package struct SealedChannel: Sendable {
    package var workspace: WorkspaceID
    package var id: ChannelID
    package var adapter: String
    package var settings: [UInt8]
    package var policy: ChannelPolicy
    package var status: ChannelRecord.Status
}

extension LoadedDelivery {
    /// - Throws: `.badValue` when a column holds what this version cannot read.
    init(_ row: Row) throws(PostgresError) {
        guard let body = try? JSON(parsing: row.value("body", as: JSONText.self).text), let body = Body(json: body)
        else { throw PostgresError(.badValue, "a delivery's row is unreadable") }
        self.workspace = WorkspaceID(try row.value("workspace_id"))
        self.message = OutboundMessage(
            id: MessageID(try row.value("message_id")),
            delivery: DeliveryID(try row.value("id")),
            to: try row.value("address"),
            thread: try row.optional("thread"),
            body: body,
            isAutomatic: try row.value("is_automatic")
        )
        if let steps = try row.optional("steps", as: JSONText.self) { self.message.steps = (try? JSON(parsing: steps.text))?.array ?? [] }
        self.conversation = ConversationID(try row.value("conversation_id"))
        self.identity = try row.optional("identity_id")
        self.state = try row.value("state")
        self.reason = try row.optional("reason", as: String.self).flatMap(DeliveryReason.init)
        self.age = .seconds(try row.value("age", as: Double.self))
        self.isStopped = try row.value("is_stopped")
        self.channel = SealedChannel(
            workspace: self.workspace,
            id: ChannelID(try row.value("channel_id")),
            adapter: try row.value("adapter"),
            settings: try row.value("settings"),
            policy: try ChannelPolicy(row),
            status: try row.value("channel_status")
        )
        self.hasFailures = try row.value("has_failures")
        self.partsSent = try row.value("parts_sent")
        self.attempts = try row.value("attempts")
        self.failures = try row.value("failures")
        self.unknowns = try row.value("unknowns")
        let latest: Int? = try row.optional("latest_number")
        let outcome: String? = try row.optional("latest_outcome")
        if let latest {
            let part: Int = try row.value("latest_part")
            if outcome == nil {
                self.open = OpenAttempt(
                    number: latest,
                    part: part,
                    isStep: try row.value("latest_is_step"),
                    worker: try row.value("latest_worker")
                )
            }
            if outcome == AttemptOutcome.unknown.rawValue { self.doubtfulPart = part }
        }
    }

    /// One query for however many deliveries are wanted at the moment.
    ///
    /// `OFFSET 0` keeps each look-up an index probe, also when the plan was made while the tables were empty.
    static func query(_ wanted: [(workspace: UUID, delivery: UUID)]) -> SQL {
        """
        SELECT d.workspace_id, d.id, d.message_id, d.conversation_id, d.address, d.state, d.reason, d.attempts,
            extract(epoch FROM clock_timestamp() - d.created_at)::float8 AS age, m.body, m.is_automatic, m.identity_id, m.thread, m.is_stopped,
            c.id AS channel_id, c.adapter, c.settings, c.policy, c.status AS channel_status, c.has_failures, t.parts_sent,
            t.failures, t.unknowns, l.number AS latest_number, l.part AS latest_part, l.outcome AS latest_outcome, l.worker AS latest_worker,
            l.is_step AS latest_is_step, t.steps
        FROM unnest(\(wanted.map(\.workspace)), \(wanted.map(\.delivery))) AS w (workspace_id, id)
        CROSS JOIN LATERAL (SELECT * FROM deliveries WHERE workspace_id = w.workspace_id AND id = w.id OFFSET 0) d
        CROSS JOIN LATERAL (
            SELECT m.body, m.is_automatic, m.identity_id,
                (SELECT v.thread FROM conversations v WHERE v.workspace_id = d.workspace_id AND v.id = d.conversation_id) AS thread,
                EXISTS (SELECT FROM identities i WHERE i.workspace_id = d.workspace_id AND i.id = m.identity_id
                    AND i.stopped_at IS NOT NULL) AS is_stopped
            FROM messages m WHERE m.workspace_id = d.workspace_id AND m.id = d.message_id OFFSET 0
        ) m
        CROSS JOIN LATERAL (
            SELECT c.id, c.adapter, c.settings, c.policy, c.status,
                EXISTS (SELECT FROM breakers b WHERE b.workspace_id = c.workspace_id AND b.channel_id = c.id AND b.failures > 0) AS has_failures
            FROM channels c WHERE c.workspace_id = d.workspace_id AND c.id = d.channel_id OFFSET 0
        ) c
        CROSS JOIN LATERAL (
            SELECT count(*) FILTER (WHERE outcome = 'retry') AS failures, count(*) FILTER (WHERE outcome = 'unknown') AS unknowns,
                (SELECT count(*) FROM delivery_parts p WHERE p.workspace_id = d.workspace_id AND p.delivery_id = d.id) AS parts_sent,
                (SELECT jsonb_agg(step ORDER BY part) FROM delivery_parts p WHERE p.workspace_id = d.workspace_id AND p.delivery_id = d.id
                    AND p.step IS NOT NULL) AS steps
            FROM attempts a WHERE a.workspace_id = d.workspace_id AND a.delivery_id = d.id
        ) t
        LEFT JOIN LATERAL (
            SELECT number, part, outcome, worker, is_step FROM attempts a WHERE a.workspace_id = d.workspace_id AND a.delivery_id = d.id
            ORDER BY number DESC LIMIT 1
        ) l ON true
        """
    }
}

/// How one try ended, as `attempts.outcome` keeps it.
package enum AttemptOutcome: String, Hashable, Sendable, CaseIterable {
    case accepted, retry, throttled, refused, unknown, cancelled
    /// Begun, but surely nothing left.
    case notSent = "not_sent"
}
