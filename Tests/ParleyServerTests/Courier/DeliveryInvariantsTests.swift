import Parley
import ParleyServer
import Postgres
import TestSupport
import Testing

/// A checker that cannot find anything proves nothing: each invariant is broken by hand here.
@Suite struct DeliveryInvariantsTests {
    @Test(
        .database,
        arguments: [
            ("I3", "DELETE FROM jobs"),
            (
                "I4",
                "INSERT INTO attempts (workspace_id, delivery_id, number, part, worker, epoch, outcome) SELECT workspace_id, id, n, 1, id, 1, 'unknown' FROM deliveries, generate_series(1, 2) n"
            ),
            ("I6", "UPDATE messages SET seq = seq + 1"),
        ]
    )
    func `finds what breaks it`(name: String, damage: String) async throws {
        let bench = try await CourierBench(try Peer.friendly())
        try await bench.post("hello")
        try await bench.expectInvariants()
        _ = try await bench.pool.query(in: .all, SQL(trusted: damage))
        let found = try await bench.violations()
        #expect(found[name] == 1)
        #expect(found.values.reduce(0, +) == 1, "and nothing else")
    }

    @Test(.database) func `finds a message that overtook an earlier one`() async throws {
        let bench = try await CourierBench(try Peer.friendly())
        try await bench.post("first")
        let second = try await bench.post("second")
        _ = try await bench.pool.query(
            in: .all,
            """
            INSERT INTO attempts (workspace_id, delivery_id, number, part, worker, epoch, outcome)
            VALUES (\(bench.workspace.uuid), \(second.delivery.uuid), 1, 1, \(bench.worker), 1, 'retry')
            """
        )
        #expect(try await bench.violations()["I6"] == 1)
    }
}
