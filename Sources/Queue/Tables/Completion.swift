import Foundation
import Postgres

/// What one call to a handler has to commit, fenced by the lanes of its jobs.
struct Completion: Sendable {
    /// What becomes of one job in the table.
    enum Change: Hashable, Sendable {
        case finish
        /// Waits, and is counted as failed when there is a reason.
        case wait(Duration, reason: String?)
        case hold(reason: String)
        case bury(reason: String)
        /// In flight from now on, in case its worker goes silent.
        case mark

        /// Whether the job leaves the table with it, so that what follows in its key may begin.
        var isFinal: Bool {
            switch self {
            case .finish, .bury: true
            case .wait, .hold, .mark: false
            }
        }
    }

    var epochs: [Int16: Int64]
    var statements: [SQL] = []
    var changes: [(job: Job, change: Change)] = []

    /// Where in a group's results the number of the transaction is found.
    static func xid(in results: [[Row]]) throws(PostgresError) -> UInt64 {
        guard results.count > 1, let row = results[1].first else { return 0 }
        return UInt64(try row.value("xid", as: Int64.self))
    }

    /// The statements that commit `group` for `worker`: fence, the handlers' statements, what becomes of the jobs.
    static func statements(for group: [Completion], on queue: QueueName, by worker: UUID) -> [SQL] {
        let epochs = Set(group.flatMap { $0.epochs.map { Pair(lane: $0.key, epoch: $0.value) } }).sorted { $0.lane < $1.lane }
        let changes = group.flatMap(\.changes)
        var statements: [SQL] = [
            "SELECT fence(\(queue.rawValue), \(epochs.map(\.lane)), \(epochs.map(\.epoch)), \(worker))",
            "SELECT pg_current_xact_id()::text::bigint AS xid",
        ]
        statements += group.flatMap(\.statements)
        let finished = changes.filter { $0.change == .finish }.map(\.job)
        if !finished.isEmpty {
            statements.append("SELECT finish_jobs(\(queue.rawValue), \(finished.map(\.lane)), \(finished.map(\.id)))")
        }
        statements += changes.compactMap { Self.statement(for: $0.job, $0.change, on: queue, by: worker) }
        return statements
    }

    private struct Pair: Hashable {
        let lane: Int16
        let epoch: Int64
    }

    /// What happens seldom is written row by row: a join with `unnest` planned while the table was empty would read all of it for ever.
    private static func statement(for job: Job, _ change: Change, on queue: QueueName, by worker: UUID) -> SQL? {
        let row: SQL = "lane = \(job.lane) AND queue = \(queue.rawValue) AND id = \(job.id)"
        func failure(_ reason: String) -> SQL {
            """
            jsonb_build_array(jsonb_build_object('at', to_char(now() AT TIME ZONE 'utc', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"'),
                'reason', \(reason)::text, 'worker', \(worker)::uuid))
            """
        }
        switch change {
        case .finish: return nil
        case .mark: return "UPDATE jobs SET crashes = \(Int16(job.crashes + 1)) WHERE \(row)"
        case .wait(let wait, let reason):
            let failures: SQL = reason.map { "failures || \(failure($0))" } ?? "failures"
            return """
                UPDATE jobs SET waiting = true, run_at = now() + \(wait / .seconds(1)) * interval '1 second', crashes = 0,
                    failures = \(failures) WHERE \(row)
                """
        case .hold(let reason):
            return "UPDATE jobs SET waiting = true, held = true, crashes = 0, failures = failures || \(failure(reason)) WHERE \(row)"
        case .bury(let reason):
            return """
                WITH gone AS (DELETE FROM jobs WHERE \(row) RETURNING *)
                INSERT INTO dead_letters (workspace_id, id, queue, lane, key, payload, reason, failures, created_at)
                SELECT workspace_id, uuid7(), queue, lane, key, payload, \(reason), failures || \(failure(reason)), created_at FROM gone
                """
        }
    }
}
