import Channels
import Foundation
import Parley
import Postgres
import Queue
import TestSupport
import Testing

@testable import ParleyServer

@Suite(.database) struct DisabledChannelTests {
    private let channels: ChannelStore

    init() throws {
        let sealer = try Sealer(masterKey: APIFixture.masterKey)
        self.channels = ChannelStore(pool: TestDatabase.current.pool, sealer: sealer, adapters: AdapterRegistry([]))
    }

    private func set(_ status: ChannelRecord.Status, _ bench: CourierBench) async throws {
        let record = ChannelRecord(
            workspace: bench.workspace,
            id: bench.channel,
            adapter: PlainAdapter.plain,
            name: "test",
            settings: [:],
            status: status,
            createdAt: .now,
            updatedAt: .now
        )
        _ = try await bench.pool.transaction(in: .workspace(bench.workspace.uuid)) { try await self.channels.update(record, on: $0) }
    }

    /// How many jobs wait for a later moment.
    private func sleepers(_ bench: CourierBench) async throws -> Int {
        try await bench.pool.query(in: .all, "SELECT count(*) AS n FROM jobs WHERE waiting AND run_at > now()")[0].value("n")
    }

    @Test func `what waits for a disabled channel is seldom looked at, and goes at once when it is enabled`() async throws {
        let bench = try await CourierBench(.friendly())
        let posted = try await bench.post("hello")
        try await self.set(.disabled, bench)
        #expect(try await bench.step() == [.later(.seconds(600))])
        #expect(try await bench.see(posted).reason == "channel_disabled")
        // As the queue does it; the other job waits for another channel.
        _ = try await bench.pool.pipeline(
            in: .all,
            [
                "UPDATE jobs SET waiting = true, run_at = now() + interval '10 minutes'",
                """
                INSERT INTO jobs (lane, queue, key, workspace_id, payload, run_at, waiting)
                SELECT lane, queue, 'a:' || uuid7(), workspace_id, payload, run_at, true FROM jobs
                """,
            ]
        )
        try await self.set(.disabled, bench)
        #expect(try await self.sleepers(bench) == 2)
        try await self.set(.active, bench)
        #expect(try await self.sleepers(bench) == 1)
        _ = try await bench.pool.query(in: .all, "DELETE FROM jobs WHERE run_at > now()")
        #expect(try await bench.step() == [.done])
        #expect(try await bench.see(posted).state == "accepted")
    }

    @Test func `a change of a channel that was not disabled leaves what waits in peace`() async throws {
        let bench = try await CourierBench(.friendly())
        try await bench.post("hello")
        _ = try await bench.pool.query(in: .all, "UPDATE jobs SET waiting = true, run_at = now() + interval '10 minutes'")
        try await self.set(.active, bench)
        #expect(try await self.sleepers(bench) == 1)
    }
}
