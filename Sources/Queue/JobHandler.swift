package import Foundation
package import Postgres

/// Does the work of one queue.
package protocol JobHandler: Sendable {
    /// Handles `jobs`; those of one key come in their order, and nobody else handles that key meanwhile.
    ///
    /// A throw fails all of them: a set is then tried job by job, so that one bad job does not hold back the others, and a single
    /// job is retried under the worker's policy. A set in which a job is to wait that others of its key follow is tried job by job, too.
    /// A job may be handled again after a crash: effects outside the database need a mark committed before they begin
    /// (`JobContext.commit`).
    func handle(_ jobs: [Job], in context: JobContext) async throws -> Handled

    /// What is written together with a job that is set aside unseen, because its workers went silent over it.
    func abandon(_ job: Job) -> [SQL]
}

extension JobHandler {
    package func abandon(_ job: Job) -> [SQL] { [] }
}

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

/// The worker a handler runs in.
package struct JobContext: Sendable {
    package let worker: UUID
    /// The lanes of the jobs, with the epochs they are held by.
    package let epochs: [Int16: Int64]
    private let stopping: @Sendable () -> Bool
    private let write: @Sendable ([SQL]) async throws(PostgresError) -> Void

    package init(
        worker: UUID,
        epochs: [Int16: Int64],
        isStopping: @escaping @Sendable () -> Bool = { false },
        commit: @escaping @Sendable ([SQL]) async throws(PostgresError) -> Void
    ) {
        self.worker = worker
        self.epochs = epochs
        self.stopping = isStopping
        self.write = commit
    }

    /// The process is asked to end: begin nothing long.
    package var isStopping: Bool { self.stopping() }

    /// Commits `statements` now, in one transaction with whatever else waits to be committed, if the lanes are still held.
    ///
    /// - Throws: `.laneLost` when another worker took over, after which nothing may be done for these jobs; `.connectionLost` when
    ///   it is not known whether the commit happened. Either may simply be passed on: the jobs come back, here or elsewhere.
    package func commit(_ statements: [SQL]) async throws(PostgresError) { try await self.write(statements) }
}
