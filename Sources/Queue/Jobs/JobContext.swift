package import Foundation
package import Postgres

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
