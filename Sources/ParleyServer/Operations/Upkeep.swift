package import Logging
package import Postgres
import ServiceLifecycle

/// Deletes what was kept long enough, in small batches, so that no lock is held for long and no table only grows.
///
/// Any number of processes may run it: who finds another at work goes on sleeping.
package struct Upkeep: Service {
    /// What is deleted of one table: rows whose moment lies longer back than they are kept.
    struct Rule: Sendable {
        var table: SQL
        var moment: SQL
        /// An interval; `c` is the row's channel, all null when there is none any more.
        var age: SQL
        var hasChannel = false
        /// An index of the moments shows the oldest first.
        var isIndexed = false

        /// Deletes up to `batch` rows and answers one for each. By `ctid`: the rows are found once and deleted where they stand.
        var statement: SQL {
            let channels: SQL = self.hasChannel ? "LEFT JOIN channels c ON c.workspace_id = r.workspace_id AND c.id = r.channel_id" : ""
            let order: SQL = self.isIndexed ? "ORDER BY r.\(self.moment)" : ""
            return """
                DELETE FROM \(self.table) WHERE ctid = ANY(ARRAY(
                    SELECT r.ctid FROM \(self.table) r \(channels) WHERE r.\(self.moment) < now() - \(self.age) \(order) LIMIT \(Upkeep.batch)))
                RETURNING 1
                """
        }
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
        for rule in Self.rules {
            do {
                var total = 0
                while !Task.isShuttingDownGracefully {
                    let count = try await self.delete(rule)
                    total += count
                    guard count == Self.batch else { break }
                }
                if total > 0 { self.logger.info("deleted old rows", metadata: ["table": "\(rule.table.text)", "rows": "\(total)"]) }
            } catch {
                self.logger.warning("upkeep failed", metadata: ["table": "\(rule.table.text)", "error": "\(error)"])
            }
        }
    }

    private func delete(_ rule: Rule) async throws -> Int {
        try await self.pool.transaction(in: .all) { transaction in
            let lock = try await transaction.query("SELECT pg_try_advisory_xact_lock(hashtext('parley upkeep'), 0) AS mine")
            guard try lock[0].value("mine") else { return 0 }
            return try await transaction.query(rule.statement).count
        }
    }

    static let rules = [
        // A channel's own retention counts; what it deleted goes after the shortest time.
        Rule(
            table: "inbound_requests",
            moment: "received_at",
            age: "make_interval(days => coalesce((c.policy ->> 'retentionDays')::integer, 7))",
            hasChannel: true,
            isIndexed: true
        ),
        // Never before the bytes they stand for: a replay must still find what was stored (I2: 7 days or more).
        Rule(
            table: "inbound_keys",
            moment: "received_at",
            age: "make_interval(days => greatest(8, 1 + (c.policy ->> 'retentionDays')::integer))",
            hasChannel: true
        ),
        // A day is promised (I12).
        Rule(table: "idempotency", moment: "created_at", age: "interval '48 hours'"),
        Rule(table: "receipts_unmatched", moment: "received_at", age: "interval '7 days'"),
        Rule(table: "send_budgets", moment: "next_at", age: "interval '1 day'"),
    ]
}
