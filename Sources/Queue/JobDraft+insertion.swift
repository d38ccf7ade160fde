package import Postgres

extension JobDraft {
    /// The statements that put `drafts` into their queues, for any transaction: one INSERT, and one wake-up for each queue.
    ///
    /// In the order given. A wake-up names the lanes, so that a worker without them sleeps on; PostgreSQL sends it with the commit.
    package static func insertion(_ drafts: [JobDraft]) -> [SQL] {
        guard !drafts.isEmpty else { return [] }
        let insert: SQL = """
            INSERT INTO jobs (lane, queue, key, workspace_id, payload, run_at, waiting)
            SELECT d.lane, d.queue, d.key, d.workspace_id, d.payload, coalesce(d.run_at, now()), coalesce(d.run_at > now(), false)
            FROM unnest(\(drafts.map(\.lane)), \(drafts.map(\.queue.rawValue)), \(drafts.map(\.key)), \(drafts.map(\.workspace)),
                \(drafts.map(\.payload)), \(drafts.map(\.runAt))) AS d (lane, queue, key, workspace_id, payload, run_at)
            """
        let lanes = drafts.reduce(into: [QueueName: Set<Int16>]()) { $0[$1.queue, default: []].insert($1.lane) }
        let wakeUps = lanes.sorted { $0.key.rawValue < $1.key.rawValue }.map { queue, lanes in
            WakeUp.jobs(lanes.sorted()).notification(on: queue)
        }
        return [insert] + wakeUps
    }
}
