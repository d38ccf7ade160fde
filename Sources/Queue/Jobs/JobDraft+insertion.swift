package import Postgres

extension JobDraft {
    /// The statements that put `drafts` into their queues, for any transaction: one INSERT, and one wake-up for each queue.
    ///
    /// In the order given. A wake-up names the lanes, so that a worker without them sleeps on; PostgreSQL sends it with the commit.
    /// For batches: many small transactions wake up better by `quietInsertion` and `wakeUps`.
    package static func insertion(_ drafts: [JobDraft]) -> [SQL] {
        guard !drafts.isEmpty else { return [] }
        return [self.quietInsertion(drafts)]
            + self.wakeUps(for: drafts).map { "SELECT pg_notify(\($0.channel), \($0.payload))" }
    }

    /// The INSERT alone.
    package static func quietInsertion(_ drafts: [JobDraft]) -> SQL {
        """
        INSERT INTO jobs (lane, queue, key, workspace_id, payload, run_at, waiting)
        SELECT d.lane, d.queue, d.key, d.workspace_id, d.payload, coalesce(d.run_at, now()), coalesce(d.run_at > now(), false)
        FROM unnest(\(drafts.map(\.lane)), \(drafts.map(\.queue.rawValue)), \(drafts.map(\.key)), \(drafts.map(\.workspace)),
            \(drafts.map(\.payload)), \(drafts.map(\.runAt))) AS d (lane, queue, key, workspace_id, payload, run_at)
        """
    }

    /// What wakes those who can work on `drafts`.
    package static func wakeUps(for drafts: [JobDraft]) -> [Notice] {
        let lanes = drafts.reduce(into: [QueueName: Set<Int16>]()) { $0[$1.queue, default: []].insert($1.lane) }
        return lanes.sorted { $0.key.rawValue < $1.key.rawValue }.map { queue, lanes in
            Notice(channel: queue.channel, payload: WakeUp.jobs(lanes.sorted()).text)
        }
    }
}
