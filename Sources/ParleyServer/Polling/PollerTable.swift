import Foundation
import Parley
import Postgres

/// The table of who is to be asked for what is new, and from where on.
struct PollerTable: Sendable {
    /// The right to ask one channel until the lease ends.
    struct Claim: Sendable {
        var workspace: WorkspaceID
        var channel: ChannelID
        var number: Int64
        var cursor: JSON?
        /// In a row, before this time.
        var failures: Int
    }

    /// Longer than any request and the commit after it may take: two processes never ask one channel at a time, and one that died
    /// delays it no longer than this.
    static let lease: Duration = .seconds(90)

    let pool: Pool

    /// Takes in the channels that are new or were changed; these are due at once, for one process: another may have been faster.
    func enrol(_ adapters: [AdapterName]) async throws {
        _ = try await self.pool.query(
            in: .all,
            """
            INSERT INTO pollers (workspace_id, channel_id, seen_at)
            SELECT c.workspace_id, c.id, c.updated_at FROM channels c
            LEFT JOIN pollers p ON p.workspace_id = c.workspace_id AND p.channel_id = c.id
            WHERE c.adapter = ANY(\(adapters.map(\.rawValue))) AND p.seen_at IS DISTINCT FROM c.updated_at
            ON CONFLICT (workspace_id, channel_id) DO UPDATE SET seen_at = excluded.seen_at, due_at = now()
                WHERE pollers.seen_at IS DISTINCT FROM excluded.seen_at
            """
        )
    }

    /// Claims channels that are due, the longest overdue first; what another process is claiming at the moment is passed by.
    func claim(upTo limit: Int) async throws -> [Claim] {
        let rows = try await self.pool.query(
            in: .all,
            """
            WITH due AS (
                SELECT p.workspace_id, p.channel_id FROM pollers p JOIN channels c ON c.workspace_id = p.workspace_id AND c.id = p.channel_id
                WHERE p.due_at <= now() AND c.status <> 'disabled' ORDER BY p.due_at LIMIT \(limit) FOR UPDATE OF p SKIP LOCKED
            )
            UPDATE pollers p SET claim = p.claim + 1, due_at = now() + make_interval(secs => \(Self.lease / .seconds(1)))
            FROM due WHERE p.workspace_id = due.workspace_id AND p.channel_id = due.channel_id
            RETURNING p.workspace_id, p.channel_id, p.claim, p.cursor, p.failures
            """
        )
        return try rows.map { row in
            Claim(
                workspace: WorkspaceID(try row.value("workspace_id")),
                channel: ChannelID(try row.value("channel_id")),
                number: try row.value("claim"),
                cursor: try row.optional("cursor", as: JSONText.self).map { try JSON(parsing: $0.text) },
                failures: try row.value("failures")
            )
        }
    }

    /// The channel's settings say that it is not asked: not again until they change.
    func park(_ claim: Claim) async throws {
        try await self.end(claim, dueAt: "'infinity'")
    }

    /// Gives the claim back unused: whoever looks next may ask.
    func release(_ claim: Claim) async throws {
        try await self.end(claim, dueAt: "now()")
    }

    private func end(_ claim: Claim, dueAt moment: SQL) async throws {
        _ = try await self.pool.query(
            in: .all,
            """
            UPDATE pollers SET due_at = \(moment)
            WHERE workspace_id = \(claim.workspace.uuid) AND channel_id = \(claim.channel.uuid) AND claim = \(claim.number)
            """
        )
    }
}
