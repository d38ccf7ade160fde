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
        if !finished.isEmpty { statements.append("DELETE FROM jobs j WHERE \(Self.these(finished, on: queue))") }
        let marked = changes.filter { $0.change == .mark }.map(\.job)
        if !marked.isEmpty { statements.append("UPDATE jobs j SET crashes = crashes + 1 WHERE \(Self.these(marked, on: queue))") }
        statements += Self.postponement(of: changes, on: queue, by: worker)
        statements += Self.burial(of: changes, on: queue, by: worker)
        return statements
    }

    private struct Pair: Hashable {
        let lane: Int16
        let epoch: Int64
    }

    /// The rows of `jobs`, found one by one in the primary key. As a join with `unnest`, a plan made while the table was empty would
    /// read the whole of it for ever.
    private static func these(_ jobs: [Job], on queue: QueueName) -> SQL {
        """
        j.ctid = ANY(ARRAY(
            SELECT t.ctid FROM unnest(\(jobs.map(\.lane)), \(jobs.map(\.id))) AS c (lane, id)
            CROSS JOIN LATERAL (
                SELECT t.ctid FROM jobs t WHERE t.lane = c.lane AND t.queue = \(queue.rawValue) AND t.id = c.id OFFSET 0) AS t))
        """
    }

    private static func failure(_ reason: SQL, by worker: UUID) -> SQL {
        """
        jsonb_build_array(jsonb_build_object(
            'at', to_char(now() AT TIME ZONE 'utc', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"'), 'reason', \(reason), 'worker', \(worker)))
        """
    }

    private static func postponement(of changes: [(job: Job, change: Change)], on queue: QueueName, by worker: UUID) -> [SQL] {
        var jobs: [Job] = []
        var waits: [Double] = []
        var reasons: [String?] = []
        var held: [Bool] = []
        for (job, change) in changes {
            switch change {
            case .wait(let wait, let reason):
                waits.append(wait / .seconds(1))
                reasons.append(reason)
                held.append(false)
            case .hold(let reason):
                waits.append(0)
                reasons.append(reason)
                held.append(true)
            case .finish, .bury, .mark: continue
            }
            jobs.append(job)
        }
        guard !jobs.isEmpty else { return [] }
        return [
            """
            UPDATE jobs j SET waiting = true, held = c.held, run_at = now() + c.wait * interval '1 second', crashes = 0,
                failures = CASE WHEN c.reason IS NULL THEN j.failures ELSE j.failures || \(self.failure("c.reason", by: worker)) END
            FROM unnest(\(jobs.map(\.id)), \(waits), \(reasons), \(held)) AS c (id, wait, reason, held)
            WHERE j.id = c.id AND \(self.these(jobs, on: queue))
            """
        ]
    }

    private static func burial(of changes: [(job: Job, change: Change)], on queue: QueueName, by worker: UUID) -> [SQL] {
        var jobs: [Job] = []
        var reasons: [String] = []
        for case (let job, .bury(let reason)) in changes {
            jobs.append(job)
            reasons.append(reason)
        }
        guard !jobs.isEmpty else { return [] }
        return [
            """
            WITH gone AS (DELETE FROM jobs j WHERE \(self.these(jobs, on: queue)) RETURNING j.*)
            INSERT INTO dead_letters (workspace_id, id, queue, lane, key, payload, reason, failures, created_at)
            SELECT g.workspace_id, uuid7(), g.queue, g.lane, g.key, g.payload, c.reason,
                g.failures || \(self.failure("c.reason", by: worker)), g.created_at
            FROM gone g JOIN unnest(\(jobs.map(\.id)), \(reasons)) AS c (id, reason) ON c.id = g.id
            """
        ]
    }
}
