package import Postgres

/// What a handler wants written, and what becomes of its jobs.
package struct Handled: Sendable {
    /// Run in the same transaction as the jobs' completion, after the fence: all of it happens, or nothing.
    package var statements: [SQL]
    /// A job without a verdict is retried.
    package var verdicts: [Job.ID: Verdict]

    package init(statements: [SQL] = [], verdicts: [Job.ID: Verdict]) {
        self.statements = statements
        self.verdicts = verdicts
    }

    /// Whether no job goes on although one before it in its key must wait.
    func keepsOrder(of jobs: [Job]) -> Bool {
        var waiting: Set<KeyRef> = []
        for job in jobs {
            if waiting.contains(job.reference) { return false }
            if self.verdicts[job.id]?.isFinal != true { waiting.insert(job.reference) }
        }
        return true
    }
}
