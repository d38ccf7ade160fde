package import Logging
package import Postgres
import ServiceLifecycle

/// Deletes what was kept long enough, in small batches, so that no lock is held for long and no table only grows.
///
/// Any number of processes may run it: who finds another at work goes on sleeping.
package struct Upkeep: Service {
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
        var turn = 0
        while !Task.isCancelled, !Task.isShuttingDownGracefully {
            await self.round(turn)
            turn += 1
            try? await cancelWhenGracefulShutdown { try await self.clock.sleep(for: self.interval) }
        }
    }

    /// One go over all tables. A database that is away is waited for, not died of.
    ///
    /// - Parameter turn: see `UpkeepRule.statement`.
    func round(_ turn: Int = 0) async {
        for rule in UpkeepRule.all {
            do {
                var total = 0
                while !Task.isShuttingDownGracefully {
                    let count = try await self.delete(rule, turn)
                    total += count
                    guard count == UpkeepRule.batch else { break }
                }
                if total > 0 { self.logger.info("deleted old rows", metadata: ["table": "\(rule.table.text)", "rows": "\(total)"]) }
            } catch {
                self.logger.warning("upkeep failed", metadata: ["table": "\(rule.table.text)", "error": "\(error)"])
            }
        }
    }

    private func delete(_ rule: UpkeepRule, _ turn: Int) async throws -> Int {
        try await self.pool.transaction(in: .all) { transaction in
            let lock = try await transaction.query("SELECT pg_try_advisory_xact_lock(hashtext('parley upkeep'), 0) AS mine")
            guard try lock[0].value("mine") else { return 0 }
            return try await transaction.query(rule.statement(turn)).count
        }
    }
}
