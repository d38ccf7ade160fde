import Foundation
import Parley
import Postgres

/// The statements of the feed.
struct FeedStore: Sendable {
    let pool: Pool

    /// Two statements, as the snapshot has to be younger than the number (`FeedHorizon`).
    func look() async throws -> FeedHorizon.Look {
        let rows = try await self.pool.pipeline(
            in: .all,
            [
                "SELECT CASE WHEN is_called THEN last_value ELSE 0 END AS last FROM events_id_seq",
                """
                SELECT pg_snapshot_xmin(s)::text::bigint AS xmin, pg_snapshot_xmax(s)::text::bigint AS xmax FROM pg_current_snapshot() s
                """,
            ]
        )
        return FeedHorizon.Look(
            last: try rows[0][0].value("last"),
            xmin: try rows[1][0].value("xmin"),
            xmax: try rows[1][0].value("xmax")
        )
    }

    /// - Parameter settled: nothing may be asked for that is not settled.
    func events(of workspaces: [WorkspaceID], after: Int64, upTo settled: Int64, limit: Int) async throws -> [FeedEvent] {
        try await self.pool.query(
            in: .all,
            """
            SELECT \(FeedEvent.columns) FROM unnest(\(workspaces.map(\.uuid))) AS w (workspace)
            CROSS JOIN LATERAL (SELECT * FROM events e WHERE e.workspace_id = w.workspace AND e.id > \(after) AND e.id <= \(settled)
                ORDER BY e.id LIMIT \(limit)) e
            ORDER BY e.id LIMIT \(limit)
            """
        ).map { try FeedEvent($0) }
    }
}
