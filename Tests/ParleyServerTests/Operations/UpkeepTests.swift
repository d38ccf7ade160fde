import Parley
import Postgres
import TestSupport
import Testing

@testable import ParleyServer

@Suite(.database) struct UpkeepTests {
    @Test func `deletes what was kept long enough, and nothing younger`() async throws {
        try await APIFixture.run { fixture in
            for index in 0..<3 { try await fixture.deliver("m\(index) +15005550100 a") }
            try await fixture.client.send("POST", "/v1/keys", ["name": "a"], headers: ["Idempotency-Key": "old"])
            try await fixture.client.send("POST", "/v1/keys", ["name": "b"], headers: ["Idempotency-Key": "young"])
            _ = try await fixture.pool.pipeline(
                in: .all,
                [
                    "UPDATE inbound_requests SET id = uuid7(now() - interval '7 days 1 minute') WHERE id = (SELECT min(id::text)::uuid FROM inbound_requests)",
                    "UPDATE inbound_keys SET received_at = now() - interval '9 days' WHERE key = 'message:m0'",
                    "UPDATE inbound_keys SET received_at = now() - interval '7 days 1 hour' WHERE key = 'message:m1'",
                    "UPDATE idempotency SET created_at = now() - interval '49 hours' WHERE key = 'old'",
                ]
            )
            await Upkeep(pool: fixture.pool, logger: TestDatabase.logger).round()
            #expect(try await fixture.count("inbound_requests") == 2)
            #expect(try await fixture.count("inbound_keys") == 2)
            #expect(try await fixture.count("idempotency") == 1)
        }
    }

    @Test func `a channel's requests are kept as long as it says, and those of a channel that is gone as long as is usual`() async throws {
        try await APIFixture.run { fixture in
            let workspace = fixture.workspace.uuid
            let (long, short) = (fixture.channel.id.uuid, try await fixture.neighbour())
            _ = try await fixture.pool.pipeline(
                in: .all,
                [
                    "UPDATE channels SET policy = policy || '{\"retentionDays\": 30}' WHERE id = \(long)",
                    "UPDATE channels SET policy = policy || '{\"retentionDays\": 2}' WHERE id = \(short.channel.id.uuid)",
                    """
                    INSERT INTO inbound_requests (workspace_id, id, channel_id, request, outcome)
                    SELECT c.workspace, uuid7(now() - age * interval '1 day'), c.id, '', 'accepted' FROM generate_series(1, 40) AS age,
                        (VALUES (\(workspace), \(long)), (\(short.workspace.uuid), \(short.channel.id.uuid)), (\(workspace), uuid7())) AS c (workspace, id)
                    """,
                ]
            )
            await Upkeep(pool: fixture.pool, logger: TestDatabase.logger).round()
            let kept = try await fixture.pool.query(
                in: .all,
                "SELECT count(*) AS n FROM inbound_requests GROUP BY channel_id ORDER BY 1"
            )
            // One of each age in days was kept just too long when the round came.
            #expect(try kept.map { try $0.value("n", as: Int.self) } == [1, 6, 29])
        }
    }

    @Test func `slice by slice, all of a table comes round`() async throws {
        let pool = TestDatabase.current.pool
        _ = try await pool.query(
            in: .all,
            """
            INSERT INTO receipts_unmatched (workspace_id, channel_id, external_id, status, received_at)
            SELECT uuid7(), uuid7(), n, 'sent', now() - interval '8 days' FROM generate_series(1, 900) AS n
            """
        )
        let rule = try #require(UpkeepRule.all.first { $0.table.text == "receipts_unmatched" })
        var deleted: [Int] = []
        while deleted.reduce(0, +) < 900, deleted.count < 100 {
            deleted.append(try await pool.query(in: .all, rule.statement(deleted.count, pages: 2)).count)
        }
        #expect(deleted.count > 3)
        #expect(deleted.allSatisfy { $0 > 0 })
        #expect(deleted.reduce(0, +) == 900)
    }

    @Test(arguments: UpkeepRule.all) func `no rule reads a whole table`(rule: UpkeepRule) async throws {
        let pool = TestDatabase.current.pool
        let plan = try await pool.query(in: .all, "EXPLAIN \(rule.statement(0))").map { try $0.value("QUERY PLAN", as: String.self) }
            .joined(separator: "\n")
        #expect(!plan.contains("Seq Scan on \(rule.table.text)"))
        switch rule.search {
        case .byChannel: #expect(plan.contains(/Index Cond: \(\(workspace_id = .*\) AND \(channel_id = .*\) AND \(id </))
        case .bySlice: #expect(plan.contains("Tid Range Scan on \(rule.table.text)"))
        }
    }
}
