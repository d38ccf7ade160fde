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
                    "UPDATE inbound_requests SET received_at = now() - interval '7 days 1 minute' WHERE id = (SELECT min(id::text)::uuid FROM inbound_requests)",
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
}
