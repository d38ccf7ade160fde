import Foundation
import Parley
import Postgres
import Testing
import TestSupport

@testable import ParleyServer

/// A workspace with one channel in a real database, and what threads into it.
struct Bridge {
    let pool: Pool
    let workspace: WorkspaceID
    let channel: ChannelID
    static let start = Date(timeIntervalSince1970: 1_770_000_000)

    init(policy: String = "{}") async throws {
        self.pool = TestDatabase.current.pool
        self.workspace = .make()
        self.channel = try await Self.open(in: self.workspace, pool: self.pool, policy: policy)
    }
    private init(pool: Pool, workspace: WorkspaceID, channel: ChannelID) {
        self.pool = pool
        self.workspace = workspace
        self.channel = channel
    }

    /// Another channel of the same workspace.
    func another(policy: String = "{}") async throws -> Bridge {
        let channel = try await Self.open(in: self.workspace, pool: self.pool, policy: policy)
        return Bridge(pool: self.pool, workspace: self.workspace, channel: channel)
    }

    private static func open(in workspace: WorkspaceID, pool: Pool, policy: String) async throws -> ChannelID {
        let channel = ChannelID.make()
        _ = try await pool.pipeline(
            in: .all,
            [
                "INSERT INTO workspaces (id, name) VALUES (\(workspace.uuid), 'test') ON CONFLICT DO NOTHING",
                """
                INSERT INTO channels (workspace_id, id, adapter, name, settings, policy)
                VALUES (\(workspace.uuid), \(channel.uuid), 'test', 'test', ''::bytea, \(JSONText(policy)))
                """,
            ]
        )
        return channel
    }

    static func text(
        _ id: String?,
        from: String = "+15005550101",
        _ text: String = "hi",
        thread: String? = nil,
        name: String? = nil,
        optOut: OptOut? = nil
    ) -> InboundEvent {
        let from = Address(space: AddressSpace(rawValue: "sms"), value: from)
        return .message(InboundMessage(externalID: id, from: from, fromName: name, text: text, thread: thread, optOut: optOut))
    }

    func item(_ event: InboundEvent, after seconds: Double = 0) -> ThreadingItem {
        ThreadingItem(
            job: 1,
            workspace: self.workspace,
            channel: self.channel,
            event: event,
            receivedAt: Self.start.addingTimeInterval(seconds)
        )
    }

    /// Looks up and plans, and stops before anything is written.
    func plan(_ items: [ThreadingItem]) async throws -> ThreadingPlan {
        let lookup = ThreadingLookup(items)
        let known = try lookup.knowledge(from: try await self.pool.pipeline(in: .all, lookup.statements))
        var ids = MomentIDs()
        return ThreadingPlan.make(for: items, knowing: known, ids: &ids)
    }
    func write(_ plan: ThreadingPlan) async throws { _ = try await self.pool.pipeline(in: .all, plan.statements) }
    func thread(_ events: [InboundEvent], after seconds: Double = 0) async throws {
        try await self.write(try await self.plan(events.map { self.item($0, after: seconds) }))
    }

    func end(_ conversation: UUID) async throws {
        _ = try await self.pool.query(
            in: .workspace(self.workspace.uuid),
            "UPDATE conversations SET status = 'ended', ended_at = now() WHERE id = \(conversation)"
        )
    }

    /// One column of this workspace's rows, as text.
    func texts(_ sql: SQL) async throws -> [String] {
        try await self.pool.query(in: .workspace(self.workspace.uuid), sql).map { try $0.value("text") }
    }
    func count(_ sql: SQL) async throws -> Int { try await self.pool.query(in: .workspace(self.workspace.uuid), sql)[0].value("count") }
    /// By conversation, oldest first: the external ids in the order of `seq`, each with its number.
    var conversations: [String] {
        get async throws {
            try await self.texts(
                """
                SELECT string_agg(m.seq || ':' || coalesce(m.external_id, m.direction), ' ' ORDER BY m.seq) AS text
                FROM messages m GROUP BY m.conversation_id ORDER BY min(m.id::text)
                """
            )
        }
    }
    /// How many events of each type there are: `message.created 2`.
    var events: [String] {
        get async throws { try await self.texts("SELECT type || ' ' || count(*) AS text FROM events GROUP BY type ORDER BY type") }
    }
    func conversation(of externalID: String) async throws -> UUID {
        try await self.pool.query(
            in: .workspace(self.workspace.uuid),
            "SELECT conversation_id FROM messages WHERE external_id = \(externalID)"
        )[0].value("conversation_id")
    }
}
