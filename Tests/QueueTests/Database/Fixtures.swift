import Foundation
import Logging
import Postgres
import Synchronization
import TestSupport

@testable import Queue

/// Remembers what it handled, and answers as told.
final class RecordingHandler: JobHandler {
    /// Of each call, the jobs; none of a set that was then tried job by job.
    private let sets = Mutex<[[Job]]>([])
    private let answer: @Sendable (_ job: Job, _ context: JobContext) async throws -> Verdict

    init(_ answer: @escaping @Sendable (_ job: Job, _ context: JobContext) async throws -> Verdict = { _, _ in .done }) {
        self.answer = answer
    }

    var handled: [Job] { self.sets.withLock { $0.flatMap(\.self) } }
    var calls: Int { self.sets.withLock(\.count) }
    /// The payloads as text, in the order they were handled.
    func texts(of key: String) -> [String] { self.handled.filter { $0.key == key }.map { String(decoding: $0.payload, as: UTF8.self) } }

    func handle(_ jobs: [Job], in context: JobContext) async throws -> Handled {
        var handled = Handled(verdicts: [:])
        let place = self.sets.withLock {
            $0.append(jobs)
            return $0.count - 1
        }
        for job in jobs { handled.verdicts[job.id] = try await self.answer(job, context) }
        if !handled.keepsOrder(of: jobs) { self.sets.withLock { $0[place] = [] } }
        return handled
    }
}

/// A worker running in a task of its own.
struct RunningWorker {
    let worker: QueueWorker
    let task: Task<Void, Never>

    /// Asks it to stop, as SIGTERM would, and waits until it has.
    func stop() async {
        self.task.cancel()
        await self.task.value
    }
}

extension QueueWorker.Pace {
    /// Quick enough for a test, slow enough for a busy machine.
    static let quick = QueueWorker.Pace(lease: .seconds(3), heartbeat: .milliseconds(200), poll: .milliseconds(50), grace: .seconds(5))
}

extension TestDatabase {
    static let workspace = UUID()

    func worker(
        _ handler: any JobHandler,
        queue: QueueName = .inbox,
        shape: QueueWorker.Shape = .sets(limit: 50, concurrent: 2),
        retryPolicy: RetryPolicy = RetryPolicy(budget: 3, base: .milliseconds(10), longest: .milliseconds(50)),
        pace: QueueWorker.Pace = .quick,
        pool: Pool? = nil
    ) -> QueueWorker {
        QueueWorker(
            queue: queue,
            shape: shape,
            handler: handler,
            pool: pool ?? self.pool,
            name: "test",
            retryPolicy: retryPolicy,
            pace: pace,
            logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
        )
    }

    func start(_ worker: QueueWorker) -> RunningWorker { RunningWorker(worker: worker, task: Task { await worker.run() }) }

    /// Puts jobs `key: 1…count` into the queue, in one transaction.
    func enqueue(_ keys: [String], count: Int = 1, queue: QueueName = .inbox, workspace: UUID = Self.workspace) async throws {
        let drafts = (1...count).flatMap { number in
            keys.map { JobDraft(queue: queue, key: $0, workspace: workspace, payload: Array("\(number)".utf8)) }
        }
        _ = try await self.pool.pipeline(in: .all, JobDraft.insertion(drafts))
    }

    func count(_ sql: SQL) async throws -> Int {
        try await self.pool.query(in: .all, sql)[0].value("count")
    }

    func depth(_ queue: QueueName = .inbox) async throws -> Int {
        try await self.count("SELECT count(*) FROM jobs WHERE queue = \(queue.rawValue)")
    }

    /// How many lanes each worker owns.
    func shares(_ queue: QueueName = .inbox) async throws -> [Int] {
        let rows = try await self.pool.query(
            in: .all,
            "SELECT count(*) FROM lanes WHERE queue = \(queue.rawValue) AND owner IS NOT NULL GROUP BY owner ORDER BY 1"
        )
        return try rows.map { try $0.value("count") }
    }
}
