package import Logging
package import Postgres
import ServiceLifecycle

/// Deletes what was kept long enough, in small batches, so that no lock is held for long and no table only grows.
///
/// Any number of processes may run it: who finds another at work goes on sleeping.
package struct Upkeep: Service {
    /// What is deleted of one table.
    struct Chore: Sendable {
        var name: String
        /// Deletes up to `batch` rows and answers one for each.
        var statement: SQL
    }
    static let batch = 1000

    private let pool: Pool
    private let interval: Duration
    private let clock: any Clock<Duration>
    private let logger: Logger

    package init(pool: Pool, interval: Duration = .seconds(60), clock: any Clock<Duration> = ContinuousClock(), logger: Logger) {
        self.pool = pool
        self.interval = interval
        self.clock = clock
        self.logger = logger
    }

    package func run() async throws {
        while !Task.isCancelled, !Task.isShuttingDownGracefully {
            await self.round()
            try? await cancelWhenGracefulShutdown { try await self.clock.sleep(for: self.interval) }
        }
    }

    /// One go over all tables. A database that is away is waited for, not died of.
    func round() async {
        for chore in Self.chores {
            do {
                var total = 0
                while !Task.isShuttingDownGracefully {
                    let count = try await self.delete(chore)
                    total += count
                    guard count == Self.batch else { break }
                }
                if total > 0 { self.logger.info("deleted old rows", metadata: ["table": "\(chore.name)", "rows": "\(total)"]) }
            } catch {
                self.logger.warning("upkeep failed", metadata: ["table": "\(chore.name)", "error": "\(error)"])
            }
        }
    }

    private func delete(_ chore: Chore) async throws -> Int {
        try await self.pool.transaction(in: .all) { transaction in
            let lock = try await transaction.query("SELECT pg_try_advisory_xact_lock(hashtext('parley upkeep'), 0) AS mine")
            guard try lock[0].value("mine") else { return 0 }
            return try await transaction.query(chore.statement).count
        }
    }

    /// By `ctid`: the rows are found once and deleted where they stand.
    static let chores: [Chore] = [
        // A channel's own retention counts; what it deleted goes after the shortest time.
        Chore(
            name: "inbound_requests",
            statement: """
                DELETE FROM inbound_requests WHERE ctid = ANY(ARRAY(
                    SELECT r.ctid FROM inbound_requests r LEFT JOIN channels c ON c.workspace_id = r.workspace_id AND c.id = r.channel_id
                    WHERE r.received_at < now() - make_interval(days => coalesce((c.policy ->> 'retentionDays')::integer, 7))
                    ORDER BY r.received_at LIMIT \(Self.batch)))
                RETURNING 1
                """
        ),
        // Never before the bytes they stand for: a replay must still find what was stored (I2: 7 days or more).
        Chore(
            name: "inbound_keys",
            statement: """
                DELETE FROM inbound_keys WHERE ctid = ANY(ARRAY(
                    SELECT k.ctid FROM inbound_keys k LEFT JOIN channels c ON c.workspace_id = k.workspace_id AND c.id = k.channel_id
                    WHERE k.received_at < now() - make_interval(days => greatest(8, 1 + (c.policy ->> 'retentionDays')::integer))
                    LIMIT \(Self.batch)))
                RETURNING 1
                """
        ),
        // A day is promised (I12).
        Chore(
            name: "idempotency",
            statement: """
                DELETE FROM idempotency WHERE ctid = ANY(ARRAY(
                    SELECT ctid FROM idempotency WHERE created_at < now() - interval '48 hours' LIMIT \(Self.batch)))
                RETURNING 1
                """
        ),
        Chore(
            name: "receipts_unmatched",
            statement: """
                DELETE FROM receipts_unmatched WHERE ctid = ANY(ARRAY(
                    SELECT ctid FROM receipts_unmatched WHERE received_at < now() - interval '7 days' LIMIT \(Self.batch)))
                RETURNING 1
                """
        ),
        Chore(
            name: "send_budgets",
            statement: """
                DELETE FROM send_budgets WHERE ctid = ANY(ARRAY(
                    SELECT ctid FROM send_budgets WHERE next_at < now() - interval '1 day' LIMIT \(Self.batch)))
                RETURNING 1
                """
        ),
    ]
}
