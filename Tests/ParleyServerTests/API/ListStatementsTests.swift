import Foundation
import Parley
import Postgres
import Queue
import TestSupport
import Testing

@testable import ParleyServer

/// A page of a list costs what it shows, however long the list is and however rare what its filter lets through.
@Suite(.database) struct ListStatementsTests {
    private static let rows = 10_000
    private static let limit = 51

    /// Two workspaces full of rows; the oldest 60 of each are the rare ones, and one contact has a twentieth of everything.
    private static func populate() async throws {
        let connection = try await Connection.open(TestDatabase.current.ownerSettings)
        try await connection.script(
            """
            CREATE FUNCTION pg_temp.id(n int) RETURNS uuid LANGUAGE sql IMMUTABLE
                RETURN ('00000000-0000-7000-8000-' || lpad(to_hex(n), 12, '0'))::uuid;
            CREATE TEMPORARY TABLE given AS SELECT pg_temp.id(w) AS workspace, n, pg_temp.id(n) AS id,
                pg_temp.id(CASE WHEN n % 20 = 0 THEN 1 ELSE n END) AS whose, pg_temp.id(CASE WHEN n <= 60 THEN 1 ELSE 2 END) AS channel
                FROM generate_series(1, 2) AS w, generate_series(1, \(Self.rows)) AS n;
            INSERT INTO contacts (workspace_id, id) SELECT workspace, id FROM given;
            INSERT INTO identities (workspace_id, id, space, address, contact_id, proven) SELECT workspace, id, 'sms', n::text, id, 'given' FROM given;
            INSERT INTO conversations (workspace_id, id, channel_id, thread_key, identity_id, status)
                SELECT workspace, id, channel, n::text, whose, CASE WHEN n <= 60 THEN 'ended' ELSE 'active' END FROM given;
            INSERT INTO messages (workspace_id, id, conversation_id, seq, channel_id, identity_id, direction, body, why)
                SELECT workspace, id, CASE WHEN n % 20 = 0 THEN pg_temp.id(1) ELSE id END, n, channel, whose,
                    CASE WHEN n <= 60 THEN 'inbound' ELSE 'outbound' END, '{}', '{}' FROM given;
            INSERT INTO deliveries (workspace_id, id, message_id, conversation_id, channel_id, address, state)
                SELECT workspace, id, id, id, channel, n::text, 'sent' FROM given;
            INSERT INTO interactions (workspace_id, id, channel_id, identity_id, type, fields)
                SELECT workspace, id, channel, whose, 'reaction', '{}' FROM given;
            INSERT INTO contact_merges (workspace_id, id, from_contact, into_contact, identities, evidence)
                SELECT workspace, id, pg_temp.id(n + 1), whose, '{}', '{}' FROM given;
            INSERT INTO inbound_requests (workspace_id, id, channel_id, request, outcome)
                SELECT workspace, id, channel, '', CASE WHEN n <= 60 THEN 'quarantined' WHEN n <= 120 THEN 'ignored' ELSE 'accepted' END
                    FROM given;
            INSERT INTO dead_letters (workspace_id, id, queue, lane, key, payload, reason, failures, created_at)
                SELECT workspace, id, CASE WHEN n <= 60 THEN 'inbox' ELSE 'outbox' END, 0, n::text, '', 'tired', '[]', now() FROM given;
            ANALYZE;
            """
        )
        await connection.close()
    }

    private static func id(_ number: Int) -> UUID {
        let digits = String(number, radix: 16)
        return UUID(uuidString: "00000000-0000-7000-8000-" + String(repeating: "0", count: 12 - digits.count) + digits)!
    }

    private static func statements(in workspace: WorkspaceID, before: UUID?) -> [(name: String, text: SQL)] {
        let (rare, contact, limit) = (ChannelID(Self.id(1)), ContactID(Self.id(1)), Self.limit)
        func conversations(_ status: ConversationStatus? = nil, _ channel: ChannelID? = nil, _ contact: ContactID? = nil) -> SQL {
            ConversationStore.page(in: workspace, status: status, channel: channel, contact: contact, before: before, limit: limit)
        }
        func messages(_ direction: MessageInsertion.Direction? = nil, _ channel: ChannelID? = nil, _ conversation: ConversationID? = nil)
            -> SQL
        {
            MessageStore.page(
                in: workspace,
                direction: direction,
                channel: channel,
                conversation: conversation,
                before: before,
                limit: limit
            )
        }
        func interactions(_ contact: ContactID? = nil, _ channel: ChannelID? = nil) -> SQL {
            InteractionRecord.list(by: contact, over: channel, in: workspace, before: before, limit: limit)
        }
        func requests(_ channel: ChannelID? = nil, _ outcome: IngestItem.Outcome? = nil) -> SQL {
            InboundRequestStore.page(in: workspace, channel: channel, outcome: outcome, before: before, limit: limit)
        }
        let timeline = Timeline.page(of: contact, in: workspace, before: before.map { MessageID($0) }, limit: limit)
        let transcript = MessageStore.transcript(of: ConversationID(Self.id(1)), in: workspace, after: before, limit: limit)
        return [
            ("transcript", transcript), ("contacts", ContactStore.page(in: workspace, address: nil, before: before, limit: limit)),
            ("contacts by address", ContactStore.page(in: workspace, address: "7", before: before, limit: limit)),
            ("timeline", MessageStore.select(from: timeline, order: "m.id DESC")),
            ("merges", ContactMerge.list(of: nil, in: workspace, before: before, limit: limit)),
            ("merges by contact", ContactMerge.list(of: contact, in: workspace, before: before, limit: limit)),
            ("conversations", conversations()), ("conversations by status", conversations(.ended)),
            ("conversations by channel", conversations(nil, rare)), ("conversations by contact", conversations(nil, nil, contact)),
            ("messages", messages()), ("messages by direction", messages(.inbound)), ("messages by channel", messages(nil, rare)),
            ("messages by conversation", messages(nil, nil, ConversationID(Self.id(1)))), ("interactions", interactions()),
            ("interactions by contact", interactions(contact)), ("interactions by channel", interactions(nil, rare)),
            ("requests", requests()), ("requests by channel", requests(rare)), ("requests by outcome", requests(nil, .quarantined)),
            ("requests ignored", requests(nil, .ignored)), ("requests accepted", requests(nil, .accepted)),
        ]
    }

    /// - Parameter body: reads a page; returns how many rows that has.
    private static func expectFew(
        _ name: String,
        in workspace: WorkspaceID,
        _ body: @Sendable (Transaction) async throws -> Int
    ) async throws {
        let count: SQL = "SELECT coalesce(sum(seq_tup_read + coalesce(idx_tup_fetch, 0)), 0)::bigint AS count FROM pg_stat_xact_user_tables"
        let (shown, read) = try await TestDatabase.current.pool.transaction(in: .workspace(workspace.uuid)) { transaction in
            let before: Int = try await transaction.query(count)[0].value("count")
            let shown = try await body(transaction)
            return (shown, try await transaction.query(count)[0].value("count", as: Int.self) - before)
        }
        #expect(shown > 0 && read <= 5 * Self.limit, "\(name): \(read) read, \(shown) shown")
    }

    @Test func `each page of each list reads few rows, first and last, with whichever filter`() async throws {
        try await Self.populate()
        let workspace = WorkspaceID(Self.id(1))
        // The sessions of tests have one plan for all values, and no scan but that of an index: what is measured is not the planner's mood.
        for before in [nil, Self.id(Self.rows / 2)] {
            for (name, statement) in Self.statements(in: workspace, before: before) {
                try await Self.expectFew(name, in: workspace) { try await $0.query(statement).count }
            }
            for queue in [nil, QueueName(rawValue: "inbox")] {
                try await Self.expectFew("dead letters of \(queue?.rawValue ?? "all")", in: workspace) { transaction in
                    try await QueueAdmin().deadLetters(
                        of: workspace.uuid,
                        queue: queue,
                        before: before,
                        limit: Self.limit,
                        in: transaction
                    ).count
                }
            }
        }
    }
}
