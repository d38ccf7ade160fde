package import Foundation
package import Postgres

/// What an operator and the API may do to a queue. Every call sees what its transaction's workspace scope lets it see.
package struct QueueAdmin: Sendable {
    package init() {}

    // MARK: Looking

    /// How `queue` stands, counted: it reads every job of the queue, so it is for people, not for a tight loop.
    package func shape(of queue: QueueName, in transaction: some Queries) async throws(PostgresError) -> QueueShape {
        let results = try await transaction.pipeline([
            """
            SELECT count(*) AS depth, count(*) FILTER (WHERE waiting AND NOT held) AS waiting, count(*) FILTER (WHERE held) AS held,
                extract(epoch FROM now() - min(created_at) FILTER (WHERE NOT waiting))::float8 AS oldest
            FROM jobs WHERE queue = \(queue.rawValue)
            """,
            "SELECT count(*) AS dead FROM dead_letters WHERE queue = \(queue.rawValue)",
            """
            SELECT l.lane, l.epoch, l.owner, w.name, extract(epoch FROM l.expires_at - now())::float8 AS remaining, coalesce(j.depth, 0) AS depth
            FROM lanes l LEFT JOIN workers w ON w.id = l.owner
            LEFT JOIN (SELECT lane, count(*) AS depth FROM jobs WHERE queue = \(queue.rawValue) GROUP BY lane) j ON j.lane = l.lane
            WHERE l.queue = \(queue.rawValue) ORDER BY l.lane
            """,
        ])
        var lanes: [QueueShape.Lane] = []
        for row in results[2] {
            let remaining: Double? = try row.optional("remaining")
            lanes.append(
                .init(
                    lane: try row.value("lane"),
                    epoch: try row.value("epoch"),
                    owner: try row.optional("owner"),
                    ownerName: try row.optional("name"),
                    remaining: remaining.map { .seconds($0) },
                    depth: try row.value("depth")
                )
            )
        }
        let oldest: Double? = try results[0][0].optional("oldest")
        return QueueShape(
            queue: queue,
            depth: try results[0][0].value("depth"),
            waiting: try results[0][0].value("waiting"),
            held: try results[0][0].value("held"),
            dead: try results[1][0].value("dead"),
            oldestAge: oldest.map { .seconds($0) },
            lanes: lanes
        )
    }

    private static let columns: SQL =
        "id, queue, workspace_id, key, payload, reason, failures::text AS failures, created_at, died_at"

    /// Dead letters of one workspace, newest first.
    ///
    /// - Parameters:
    ///   - queue: nil for all of them.
    ///   - before: the last id of the page before; ids sort by the moment of death.
    package func deadLetters(
        of workspace: UUID,
        queue: QueueName? = nil,
        before: UUID? = nil,
        limit: Int,
        in transaction: some Queries
    ) async throws(PostgresError) -> [DeadLetter] {
        let older = SQL.and(before) { "id < \($0)" }
        let only = SQL.and(queue) { "queue = \($0.rawValue)" }
        let rows = try await transaction.query(
            "SELECT \(Self.columns) FROM dead_letters WHERE workspace_id = \(workspace) \(older) \(only) ORDER BY id DESC LIMIT \(limit)"
        )
        var letters: [DeadLetter] = []
        for row in rows { letters.append(try Self.letter(row)) }
        return letters
    }

    package func deadLetter(_ id: UUID, of workspace: UUID, in transaction: some Queries) async throws(PostgresError) -> DeadLetter? {
        let rows = try await transaction.query(
            "SELECT \(Self.columns) FROM dead_letters WHERE workspace_id = \(workspace) AND id = \(id)"
        )
        guard let row = rows.first else { return nil }
        return try Self.letter(row)
    }

    private static func letter(_ row: Row) throws(PostgresError) -> DeadLetter {
        let failures: String = try row.value("failures")
        return DeadLetter(
            id: try row.value("id"),
            queue: try row.value("queue"),
            workspace: try row.value("workspace_id"),
            key: try row.value("key"),
            payload: try row.value("payload"),
            reason: try row.value("reason"),
            failures: (try? JSONDecoder().decode([Failure].self, from: Data(failures.utf8))) ?? [],
            createdAt: try row.value("created_at"),
            diedAt: try row.value("died_at")
        )
    }

    // MARK: Dead letters

    /// Puts a dead letter back into its queue as a new job, behind whatever its key has by now.
    ///
    /// - Parameter payload: another one to go with it, mended by an operator.
    /// - Returns: whether it was there.
    package func retry(
        _ id: UUID,
        of workspace: UUID,
        payload: [UInt8]? = nil,
        in transaction: some Queries
    ) async throws(PostgresError) -> Bool {
        let rows = try await transaction.query(
            "DELETE FROM dead_letters WHERE workspace_id = \(workspace) AND id = \(id) RETURNING \(Self.columns)"
        )
        guard let row = rows.first else { return false }
        let letter = try Self.letter(row)
        let draft = JobDraft(queue: letter.queue, key: letter.key, workspace: workspace, payload: payload ?? letter.payload)
        _ = try await transaction.pipeline(JobDraft.insertion([draft]))
        return true
    }

    /// Forgets a dead letter.
    package func drop(_ id: UUID, of workspace: UUID, in transaction: some Queries) async throws(PostgresError) -> Bool {
        try await transaction.execute("DELETE FROM dead_letters WHERE workspace_id = \(workspace) AND id = \(id)") > 0
    }
}
