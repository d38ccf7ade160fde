import Foundation
import ParleyServer
import Postgres
import Queue
import TestSupport
import Testing

@Suite(.database) struct QueueGaugesTests {
    @Test func `a scrape tells how deep the queues are and whether somebody works on them`() async throws {
        let pool = TestDatabase.current.pool
        let drafts = (0..<3).map { JobDraft(queue: .inbox, key: "key \($0)", workspace: UUID(), payload: [1]) }
        _ = try await pool.pipeline(in: .all, JobDraft.insertion(drafts))
        let metrics = Metrics()
        let worker = QueueMetrics()
        let gauges = QueueGauges(pool: pool, metrics: metrics, workers: [(.outbox, worker)])
        let health = Health(pool: pool, requiredMigration: 1, metrics: metrics, queues: gauges)
        try await withServer(routes: Routes(of: health)) { port in
            let connection = try RawConnection(port: port)
            defer { connection.close() }
            connection.send("GET /metrics HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")
            let answer = await connection.readToEnd()
            #expect(answer.status == 200)
            for line in [
                #"parley_queue_jobs{queue="inbox"} 3"#, #"parley_queue_jobs{queue="outbox"} 0"#,
                #"parley_queue_dead_letters{queue="inbox"} 0"#,
                #"parley_queue_workers{queue="inbox"} 0"#, #"parley_queue_lanes_unowned{queue="inbox"} 64"#,
                #"parley_worker_jobs_total{queue="outbox",result="done"} 0"#,
                #"parley_worker_commit_seconds_count{queue="outbox"} 0"#, #"parley_pool_wait_seconds_count 0"#,
            ] { #expect(answer.text.contains(line + "\n"), "\(line)") }
        }
    }
}

extension Routes {
    fileprivate init(of health: Health) {
        self.init()
        health.mount(on: &self)
    }
}
