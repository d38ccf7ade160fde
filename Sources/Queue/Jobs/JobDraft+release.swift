package import Postgres

extension JobDraft {
    /// The statements that let the job this draft became run now, should it be held or wait: for any transaction. The first answers a row
    /// for each job found.
    package var release: [SQL] {
        [
            """
            UPDATE jobs SET held = false, waiting = true, run_at = now()
            WHERE lane = \(self.lane) AND queue = \(self.queue.rawValue) AND key = \(self.key) AND payload = \(self.payload)
                AND waiting RETURNING id
            """,
            WakeUp.changed(self.lane).notification(on: self.queue),
        ]
    }
}
