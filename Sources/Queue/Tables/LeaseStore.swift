import Foundation
import Postgres

/// The `lanes` and `workers` tables: who owns what, by the database's clock.
struct LeaseStore: Sendable {
    let queue: QueueName
    let worker: UUID
    let name: String
    let lease: Duration
    let pool: Pool

    private var seconds: Double { self.lease / .seconds(1) }

    /// Says that this worker is alive, prolongs the leases of `held`, and looks around.
    ///
    /// - Parameter isLeaving: the worker takes no more lanes, so the others must not count on it.
    func beat(held: [Int16], isLeaving: Bool) async throws(PostgresError) -> LeaseTable {
        let presence: SQL =
            isLeaving
            ? "DELETE FROM workers WHERE id = \(self.worker)"
            : """
            INSERT INTO workers (id, name, queue) VALUES (\(self.worker), \(self.name), \(self.queue.rawValue))
            ON CONFLICT (id) DO UPDATE SET heartbeat_at = now()
            """
        let results = try await self.pool.pipeline(
            in: .all,
            [
                presence,
                """
                UPDATE lanes SET expires_at = now() + \(self.seconds) * interval '1 second'
                WHERE queue = \(self.queue.rawValue) AND owner = \(self.worker) AND lane = ANY(\(held))
                """,
                """
                SELECT lane, epoch, owner, coalesce(extract(epoch FROM expires_at - now())::float8, 0) AS remaining
                FROM lanes WHERE queue = \(self.queue.rawValue) ORDER BY lane
                """,
                """
                SELECT id FROM workers
                WHERE queue = \(self.queue.rawValue) AND heartbeat_at > now() - \(self.seconds) * interval '1 second'
                """,
                """
                DELETE FROM workers WHERE queue = \(self.queue.rawValue)
                    AND heartbeat_at < now() - 10 * \(self.seconds) * interval '1 second'
                """,
            ]
        )
        var leases: [LeaseTable.Lease] = []
        for row in results[2] {
            let remaining: Double = try row.value("remaining")
            leases.append(
                .init(
                    lane: try row.value("lane"),
                    epoch: try row.value("epoch"),
                    owner: try row.optional("owner"),
                    remaining: .seconds(remaining)
                )
            )
        }
        var workers: [UUID] = []
        for row in results[3] { workers.append(try row.value("id")) }
        return LeaseTable(leases: leases, workers: workers)
    }

    struct Claim: Sendable {
        let lane: Int16
        let epoch: Int64
        /// The owner before went silent.
        let takenOver: Bool
    }

    /// Takes those of `lanes` that are free, expired, or this worker's own without its knowing. A lane that a commit holds fast just
    /// now is left for the next time.
    func claim(_ lanes: [Int16]) async throws(PostgresError) -> [Claim] {
        let rows = try await self.pool.query(
            in: .all,
            """
            WITH free AS (
                SELECT lane, queue, owner FROM lanes
                WHERE queue = \(self.queue.rawValue) AND lane = ANY(\(lanes))
                    AND (owner IS NULL OR owner = \(self.worker) OR expires_at < now())
                ORDER BY lane FOR UPDATE SKIP LOCKED)
            UPDATE lanes l SET owner = \(self.worker), epoch = l.epoch + 1, expires_at = now() + \(self.seconds) * interval '1 second'
            FROM free f WHERE l.lane = f.lane AND l.queue = f.queue
            RETURNING l.lane, l.epoch, f.owner IS NOT NULL AND f.owner <> \(self.worker) AS taken_over
            """
        )
        var claims: [Claim] = []
        for row in rows {
            claims.append(
                Claim(lane: try row.value("lane"), epoch: try row.value("epoch"), takenOver: try row.value("taken_over"))
            )
        }
        return claims
    }

    /// Gives each of `lanes`, held by the given epochs, a new epoch: whatever was under way under the old one has then either been
    /// committed or never will be, because the lock waits for it and the fence stops it.
    ///
    /// - Parameter forgiven: jobs that were counted as in flight in case this worker went silent, which it did not.
    /// - Returns: the new epochs; a lane that is missing has another owner.
    func renew(_ lanes: [Int16: Int64], forgiving forgiven: [Job] = []) async throws(PostgresError) -> [Int16: Int64] {
        let (numbers, epochs) = (lanes.map(\.key), lanes.map(\.value))
        let renewal: SQL =
            """
            WITH mine AS (
                SELECT l.lane, l.queue FROM lanes l
                JOIN unnest(\(numbers), \(epochs)) AS h (lane, epoch) ON h.lane = l.lane AND h.epoch = l.epoch
                WHERE l.queue = \(self.queue.rawValue) AND l.owner = \(self.worker) ORDER BY l.lane FOR UPDATE OF l)
            UPDATE lanes l SET epoch = l.epoch + 1, expires_at = now() + \(self.seconds) * interval '1 second'
            FROM mine m WHERE l.lane = m.lane AND l.queue = m.queue
            RETURNING l.lane, l.epoch
            """
        let pardons: [SQL] = forgiven.map { job in
            """
            UPDATE jobs SET crashes = \(Int16(job.crashes)) WHERE lane = \(job.lane) AND queue = \(self.queue.rawValue) AND id = \(job.id)
                AND crashes > \(Int16(job.crashes)) AND EXISTS (SELECT FROM lanes l
                    WHERE l.lane = \(job.lane) AND l.queue = \(self.queue.rawValue) AND l.owner = \(self.worker))
            """
        }
        let rows = try await self.pool.pipeline(in: .all, [renewal] + pardons)[0]
        var renewed: [Int16: Int64] = [:]
        for row in rows { renewed[try row.value("lane")] = try row.value("epoch", as: Int64.self) }
        return renewed
    }

    /// Hands `lanes` back and tells the fleet. A lane that has another owner by now is left alone.
    func handBack(_ lanes: [Int16: Int64]) async throws(PostgresError) {
        _ = try await self.pool.pipeline(in: .all, [self.release(lanes), WakeUp.leases.notification(on: self.queue)])
    }

    /// Hands `lanes` back and leaves the fleet.
    func leave(_ lanes: [Int16: Int64]) async throws(PostgresError) {
        _ = try await self.pool.pipeline(
            in: .all,
            [
                self.release(lanes), "DELETE FROM workers WHERE id = \(self.worker)", WakeUp.leases.notification(on: self.queue),
            ]
        )
    }

    private func release(_ lanes: [Int16: Int64]) -> SQL {
        let (numbers, epochs) = (lanes.map(\.key), lanes.map(\.value))
        return """
            WITH mine AS (
                SELECT l.lane, l.queue FROM lanes l
                JOIN unnest(\(numbers), \(epochs)) AS h (lane, epoch) ON h.lane = l.lane AND h.epoch = l.epoch
                WHERE l.queue = \(self.queue.rawValue) AND l.owner = \(self.worker) ORDER BY l.lane FOR UPDATE OF l)
            UPDATE lanes l SET owner = NULL, expires_at = NULL FROM mine m WHERE l.lane = m.lane AND l.queue = m.queue
            """
    }

    /// The lanes this worker owns, with their epochs.
    func owned() async throws(PostgresError) -> [Int16: Int64] {
        let rows = try await self.pool.query(
            in: .all,
            "SELECT lane, epoch FROM lanes WHERE queue = \(self.queue.rawValue) AND owner = \(self.worker)"
        )
        var owned: [Int16: Int64] = [:]
        for row in rows { owned[try row.value("lane")] = try row.value("epoch", as: Int64.self) }
        return owned
    }

    /// Tells the fleet that this worker is there.
    func announce() async throws(PostgresError) {
        _ = try await self.pool.query(in: .all, WakeUp.leases.notification(on: self.queue))
    }
}
