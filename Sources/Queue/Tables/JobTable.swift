import Foundation
import Postgres

/// The `jobs` table as a lane's owner uses it: each statement is written once, here.
struct JobTable: Sendable {
    let queue: QueueName

    private static let columns: SQL = """
        j.id, j.key, j.workspace_id, j.payload, j.created_at, j.failures::text AS failures, j.crashes
        """

    /// One round trip for a whole plan.
    func read(_ plan: ReadPlan, from pool: Pool) async throws -> ReadAnswer {
        let look: SQL = "SELECT pg_current_snapshot()::text AS snapshot"
        let statements = [look] + self.statements(for: plan).map(\.1) + [look]
        var results = try await pool.pipeline(in: .all, statements)[...]
        func seen(in rows: [Row]?) throws -> Snapshot {
            guard let snapshot = Snapshot(try rows?.first?.value("snapshot") ?? "") else {
                throw PostgresError(.badValue, "a snapshot in an unknown form")
            }
            return snapshot
        }
        let before = try seen(in: results.popFirst())
        var answer = ReadAnswer(before: before, after: try seen(in: results.popLast()))
        if !plan.scans.isEmpty {
            answer.scans = try self.parts(of: results.removeFirst(), count: plan.scans.count, plan)
        }
        if !plan.catchUps.isEmpty {
            answer.catchUps = try self.parts(of: results.removeFirst(), count: plan.catchUps.count, plan)
        }
        if !plan.due.isEmpty {
            answer.due = try self.grouped(results.removeFirst(), count: plan.due.count).map { try $0.map(self.job) }
            if let wait: Double = try results.removeFirst().first?.optional("wait") { answer.nextDue = .seconds(max(0, wait)) }
        }
        if !plan.seeks.isEmpty {
            answer.seeks = try self.grouped(results.removeFirst(), count: plan.seeks.count).map { rows in
                try rows.map { row in
                    let isWaiting: Bool = try row.value("waiting")
                    return .init(job: try self.job(row), state: !isWaiting ? .fresh : try row.value("due") ? .due : .waiting)
                }
            }
        }
        return answer
    }

    func statements(for plan: ReadPlan) -> [(name: String, SQL)] {
        var statements: [(String, SQL)] = []
        if !plan.scans.isEmpty { statements.append(("scan", self.scan(plan))) }
        if !plan.catchUps.isEmpty { statements.append(("catch-up", self.catchUp(plan))) }
        if !plan.due.isEmpty { statements += [("due", self.due(plan)), ("next due", self.nextDue(plan))] }
        if !plan.seeks.isEmpty { statements.append(("seek", self.seek(plan))) }
        return statements
    }

    // MARK: Statements. Each part of a plan is a LATERAL subquery with a limit, so it can only be an index range scan for each element;
    // OFFSET 0 keeps the planner from turning a look at one key into a join with all of them.

    /// A window of rows, of which those that may run are kept. The last of the window comes too, to tell how far it reached.
    private func kept(of window: SQL, where condition: SQL, _ plan: ReadPlan) -> SQL {
        """
        SELECT f.* FROM (
            SELECT j.*, max(j.id) OVER () AS through, count(*) OVER () AS scanned,
                NOT j.waiting AND \(condition) AND NOT EXISTS (
                    SELECT FROM jobs h WHERE h.key = j.key AND h.queue = \(self.queue.rawValue) AND h.waiting AND h.id < j.id OFFSET 0) AS ready
            FROM (\(window) ORDER BY j.id LIMIT \(plan.window)) AS j
        ) AS f WHERE f.ready OR f.id = f.through ORDER BY f.id LIMIT \(plan.room + 1)
        """
    }

    private func scan(_ plan: ReadPlan) -> SQL {
        let views = plan.scans.compactMap { plan.views[$0] }
        let window: SQL = """
            SELECT \(Self.columns), j.waiting FROM jobs j WHERE j.lane = v.lane AND j.queue = \(self.queue.rawValue)
                AND j.id > v.floor AND (j.id > v.cursor OR NOT pg_visible_in_snapshot(j.xid, v.seen))
            """
        return """
            SELECT v.part, v.lane, s.*
            FROM (SELECT u.lane, u.floor, u.cursor, u.seen::pg_snapshot AS seen, u.part
                  FROM unnest(\(plan.scans), \(views.map(\.floor)), \(views.map(\.cursor)), \(views.map(\.seen.text)))
                      WITH ORDINALITY AS u (lane, floor, cursor, seen, part) OFFSET 0) AS v
            CROSS JOIN LATERAL (\(self.kept(of: window, where: "j.workspace_id <> ALL(\(plan.excluded))", plan))) AS s
            ORDER BY v.part, s.id
            """
    }

    private func catchUp(_ plan: ReadPlan) -> SQL {
        let window: SQL = """
            SELECT \(Self.columns), j.waiting FROM jobs j
            WHERE j.lane = v.lane AND j.queue = \(self.queue.rawValue) AND j.id > v.after
            """
        return """
            SELECT v.part, v.lane, s.*
            FROM unnest(\(plan.catchUps.map(\.lane)), \(plan.catchUps.map(\.workspace)), \(plan.catchUps.map(\.after)))
                WITH ORDINALITY AS v (lane, workspace, after, part)
            CROSS JOIN LATERAL (\(self.kept(of: window, where: "j.workspace_id = v.workspace", plan))) AS s
            ORDER BY v.part, s.id
            """
    }

    private func due(_ plan: ReadPlan) -> SQL {
        """
        SELECT v.part, v.lane, s.*
        FROM unnest(\(plan.due)) WITH ORDINALITY AS v (lane, part)
        CROSS JOIN LATERAL (
            SELECT \(Self.columns) FROM jobs j
            WHERE j.lane = v.lane AND j.queue = \(self.queue.rawValue) AND j.waiting AND NOT j.held AND j.run_at <= now()
                AND j.id <> ALL(\(plan.known)) AND j.workspace_id <> ALL(\(plan.full))
                AND NOT EXISTS (SELECT FROM jobs h WHERE h.key = j.key AND h.queue = j.queue AND h.waiting AND h.id < j.id OFFSET 0)
                AND NOT EXISTS (SELECT FROM jobs h WHERE h.key = j.key AND h.queue = j.queue AND NOT h.waiting AND h.id < j.id OFFSET 0)
            ORDER BY j.run_at LIMIT \(plan.room)
        ) AS s
        ORDER BY v.part
        """
    }

    private func nextDue(_ plan: ReadPlan) -> SQL {
        """
        SELECT extract(epoch FROM min(s.run_at) - now())::float8 AS wait
        FROM unnest(\(plan.due)) AS v (lane)
        CROSS JOIN LATERAL (
            SELECT j.run_at FROM jobs j
            WHERE j.lane = v.lane AND j.queue = \(self.queue.rawValue) AND j.waiting AND NOT j.held AND j.run_at > now()
            ORDER BY j.run_at LIMIT 1
        ) AS s
        """
    }

    /// The two halves stand apart because each has its own index, which a plan made while the table was empty cannot miss.
    private func seek(_ plan: ReadPlan) -> SQL {
        let views = plan.seeks.compactMap { plan.views[$0.lane] }
        func half(_ condition: SQL) -> SQL {
            """
            (SELECT \(Self.columns), j.waiting, NOT j.held AND j.run_at <= now() AS due FROM jobs j
             WHERE j.key = v.key AND j.queue = \(self.queue.rawValue) AND j.lane = v.lane AND j.id > v.floor AND \(condition)
                 AND (j.id >= v.start OR j.id > v.cursor OR NOT pg_visible_in_snapshot(j.xid, v.seen))
             ORDER BY j.id LIMIT \(ReadPlan.seekLimit))
            """
        }
        return """
            SELECT v.part, v.lane, s.*
            FROM (SELECT u.lane, u.key, u.start, least(u.floor, u.start - 1) AS floor, u.cursor, u.seen::pg_snapshot AS seen, u.part
                  FROM unnest(\(plan.seeks.map(\.lane)), \(plan.seeks.map(\.key)), \(plan.seeks.map(\.from)), \(views.map(\.floor)),
                      \(views.map(\.cursor)), \(views.map(\.seen.text)))
                      WITH ORDINALITY AS u (lane, key, start, floor, cursor, seen, part) OFFSET 0) AS v
            CROSS JOIN LATERAL (
                \(half("NOT j.waiting")) UNION ALL \(half("j.waiting")) ORDER BY id LIMIT \(ReadPlan.seekLimit)
            ) AS s
            ORDER BY v.part, s.id
            """
    }

    // MARK: Rows

    private func grouped(_ rows: [Row], count: Int) throws -> [[Row]] {
        var groups = [[Row]](repeating: [], count: count)
        for row in rows { groups[Int(try row.value("part", as: Int64.self)) - 1].append(row) }
        return groups
    }

    private func parts(of rows: [Row], count: Int, _ plan: ReadPlan) throws -> [ReadAnswer.Part] {
        try self.grouped(rows, count: count).map { rows in
            guard let last = rows.last else { return ReadAnswer.Part() }
            var part = ReadAnswer.Part(jobs: try rows.filter { try $0.value("ready") }.map(self.job))
            if part.jobs.count > plan.room {
                part.jobs.removeLast()
                part.through = part.jobs.last?.id
                part.isCut = true
            } else {
                part.through = try last.value("through")
                part.isCut = try last.value("scanned", as: Int64.self) >= Int64(plan.window)
            }
            return part
        }
    }

    private func job(_ row: Row) throws -> Job {
        let failures: String = try row.value("failures")
        return Job(
            id: try row.value("id"),
            lane: try row.value("lane"),
            key: try row.value("key"),
            workspace: try row.value("workspace_id"),
            payload: try row.value("payload"),
            createdAt: try row.value("created_at"),
            failures: failures == "[]" ? [] : try JSONDecoder().decode([Failure].self, from: Data(failures.utf8)),
            crashes: Int(try row.value("crashes", as: Int16.self))
        )
    }
}
