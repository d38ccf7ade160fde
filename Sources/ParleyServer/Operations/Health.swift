import Foundation
import HTTPTypes
import HummingbirdCore
package import Postgres
import Synchronization

/// `/livez`, `/readyz` and `/metrics`: for whoever runs the process, without a key.
package final class Health: Sendable {
    private let pool: Pool
    private let requiredMigration: Int
    private let metrics: Metrics
    private let queues: QueueGauges
    private let isStopping = Atomic<Bool>(false)

    /// - Parameter requiredMigration: the highest number in `sql/`; older tables cannot be worked with.
    package init(pool: Pool, requiredMigration: Int, metrics: Metrics, queues: QueueGauges) {
        self.queues = queues
        self.pool = pool
        self.requiredMigration = requiredMigration
        self.metrics = metrics
    }

    /// From now on the process is not ready, whatever the database says.
    package func stop() { self.isStopping.store(true, ordering: .relaxed) }

    package func mount(on routes: inout Routes) {
        routes.on(.get, "/livez") { _ in .text(.ok, "ok\n") }
        routes.on(.get, "/readyz") { _ in
            let reason = await self.reasonNotReady()
            return .text(reason == nil ? .ok : .serviceUnavailable, (reason ?? "ok") + "\n")
        }
        routes.on(.get, "/metrics") { _ in
            self.samplePool()
            await self.queues.sample()
            return .text(.ok, self.metrics.text, type: "text/plain; version=0.0.4; charset=utf-8")
        }
    }

    /// Nil when requests can be served.
    package func reasonNotReady() async -> String? {
        guard !self.isStopping.load(ordering: .relaxed) else { return "stopping" }
        do {
            let rows = try await self.pool.query(in: .all, "SELECT max(number) AS number FROM schema_migrations")
            let number = try rows.first?.optional("number", as: Int.self) ?? 0
            return number >= self.requiredMigration ? nil : "migrations pending: run `parley migrate`"
        } catch {
            return error.isUnavailable ? "database unavailable" : "database not migrated"
        }
    }

    private func samplePool() {
        let now = self.pool.gauge
        self.metrics.gauge("parley_pool_connections", "Connections to the database, by use.", ["state": "in_use"]).set(now.inUse)
        self.metrics.gauge("parley_pool_connections", "Connections to the database, by use.", ["state": "idle"]).set(now.idle)
        self.metrics.gauge("parley_pool_waiting", "Tasks that wait for a connection.").set(now.waiting)
        let help = "How long tasks waited for a connection that was not there at once."
        self.metrics.histogram("parley_pool_wait_seconds", help, bounds: now.waits.bounds).set(now.waits)
    }
}
