import Foundation
import Parley
import Postgres

/// The statements of the feed.
struct FeedStore: Sendable {
    let pool: Pool

    /// Two statements: the snapshot has to be younger than the number that the first one takes (`FeedHorizon`).
    ///
    /// - Parameter settled: up to here nothing is asked; an idle look takes no transaction number.
    func look(beyond settled: Int64?) async throws -> FeedHorizon.Look {
        let rows = try await self.pool.pipeline(
            in: .all,
            [
                """
                SELECT s.last, CASE WHEN s.last > \(settled ?? -1) THEN pg_current_xact_id()::text::bigint END AS bound
                FROM (SELECT CASE WHEN is_called THEN last_value ELSE 0 END AS last FROM events_id_seq) s
                """,
                "SELECT pg_snapshot_xmin(pg_current_snapshot())::text::bigint AS xmin",
            ]
        )
        return FeedHorizon.Look(
            last: try rows[0][0].value("last"),
            bound: try rows[0][0].optional("bound"),
            xmin: try rows[1][0].value("xmin")
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
