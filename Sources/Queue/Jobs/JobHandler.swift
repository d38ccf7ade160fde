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
