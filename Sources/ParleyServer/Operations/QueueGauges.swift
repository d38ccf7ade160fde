package import Postgres
package import Queue

/// What the queues and their workers look like at a scrape.
///
/// Depths come from the tables and so are the same whichever process is asked; a worker's own counts only its own process can tell.
package struct QueueGauges: Sendable {
    private let pool: Pool
    private let metrics: Metrics
    private let workers: [(queue: QueueName, metrics: QueueMetrics)]

    /// - Parameter workers: those of this process.
    package init(pool: Pool, metrics: Metrics, workers: [(queue: QueueName, metrics: QueueMetrics)]) {
        self.pool = pool
        self.metrics = metrics
        self.workers = workers
    }

    /// A backlog is counted only so far: a scrape must stay cheap when there is one.
    private static let mostCounted = 100_000

    func sample() async {
        for worker in self.workers { self.sample(worker.metrics.values, of: worker.queue.rawValue) }
        guard let rows = try? await self.pool.query(in: .all, Self.look) else { return }  // `/readyz` is where a lost database shows
        for row in rows {
            guard let queue: String = try? row.value("queue") else { continue }
            func gauge(_ name: String, _ help: String, _ column: String) {
                guard let value: Int64 = try? row.value(column) else { return }
                self.metrics.gauge(name, help, ["queue": queue]).set(Int(value))
            }
            gauge("parley_queue_jobs", "Jobs that are not done, counted up to \(Self.mostCounted).", "jobs")
            gauge("parley_queue_held_jobs", "Jobs that wait for a person, counted up to \(Self.mostCounted).", "held")
            gauge("parley_queue_oldest_seconds", "Age of the oldest job that nothing holds back.", "oldest")
            gauge("parley_queue_dead_letters", "Dead letters, counted up to \(Self.mostCounted).", "dead")
            gauge("parley_queue_workers", "Workers with a heartbeat in the last minute.", "workers")
            gauge("parley_queue_lanes_unowned", "Lanes that no worker holds.", "unowned")
        }
    }

    private func sample(_ values: QueueMetrics.Values, of queue: String) {
        func gauge(_ name: String, _ help: String, _ value: Int) {
            self.metrics.gauge(name, help, ["queue": queue]).set(value)
        }
        gauge("parley_worker_lanes", "Lanes this process holds.", values.lanes)
        gauge("parley_worker_buffered_jobs", "Jobs in memory and not begun.", values.buffered)
        gauge("parley_worker_running_calls", "Calls to the handler under way.", values.running)
        let results = [
            "done": values.done, "retried": values.retried, "postponed": values.postponed, "held": values.held, "dead": values.dead,
        ]
        for (result, count) in results {
            self.metrics.counter(
                "parley_worker_jobs_total",
                "Jobs this process saw through, by what became of them.",
                [
                    "queue": queue, "result": result,
                ]
            ).advance(to: count)
        }
        let times = [
            ("parley_worker_commit_seconds", "How long transactions that recorded jobs took.", values.commitSeconds),
            ("parley_worker_handler_seconds", "How long calls to the handler took.", values.handlerSeconds),
        ]
        for (name, help, values) in times { self.metrics.histogram(name, help, ["queue": queue], bounds: values.bounds).set(values) }
        self.metrics.counter("parley_worker_commits_total", "Transactions that recorded jobs.", ["queue": queue]).advance(
            to: values.commits
        )
    }

    private static let look: SQL = """
        SELECT q.queue,
            (SELECT count(*) FROM (SELECT FROM jobs j WHERE j.queue = q.queue LIMIT \(mostCounted)) AS c) AS jobs,
            (SELECT count(*) FROM (SELECT FROM jobs j WHERE j.queue = q.queue AND j.held LIMIT \(mostCounted)) AS c) AS held,
            (SELECT coalesce(max(extract(epoch FROM now() - c.created_at)), 0)::bigint FROM (
                SELECT j.created_at FROM jobs j WHERE j.queue = q.queue AND NOT j.waiting ORDER BY j.id LIMIT 1) AS c) AS oldest,
            (SELECT count(*) FROM (SELECT FROM dead_letters d WHERE d.queue = q.queue LIMIT \(mostCounted)) AS c) AS dead,
            (SELECT count(*) FROM workers w WHERE w.queue = q.queue AND w.heartbeat_at > now() - interval '1 minute') AS workers,
            (SELECT count(*) FROM lanes l WHERE l.queue = q.queue AND (l.owner IS NULL OR l.expires_at < now())) AS unowned
        FROM (SELECT DISTINCT queue FROM lanes) AS q
        """
}
