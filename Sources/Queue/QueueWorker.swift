package import Foundation
package import Logging
package import Postgres
import ServiceLifecycle

/// Takes its share of a queue's lanes and runs their jobs until the process is asked to stop.
///
/// Any number of them, anywhere, need nothing but the database. Once stopping, it starts nothing new, finishes what is in flight within
/// the grace time, and hands back each lane as soon as it is idle. What is not finished then is cancelled, and has a moment to say what
/// became of its jobs before their lanes go.
package struct QueueWorker: Service {
    /// How jobs reach the handler.
    package enum Shape: Hashable, Sendable {
        /// Up to `limit` jobs of different keys in one call, `concurrent` calls at a time.
        case sets(limit: Int, concurrent: Int)
        /// One job in one call, `concurrent` calls at a time.
        case keys(concurrent: Int)

        var limit: Int { if case .sets(let limit, _) = self { limit } else { 1 } }
        /// A set is committed by itself: its statements lock rows in one order, those of two sets after each other do not, and would
        /// meet somebody else's order in a deadlock.
        var unitsPerCommit: Int { if case .sets = self { 1 } else { 256 } }
        var concurrent: Int {
            switch self {
            case .sets(_, let concurrent), .keys(let concurrent): concurrent
            }
        }
    }

    /// The durations it lives by; tests make them short.
    package struct Pace: Hashable, Sendable {
        /// How long a worker may stay silent before others take its lanes.
        package var lease: Duration
        package var heartbeat: Duration
        /// How long a wake-up that was lost can go unnoticed.
        package var poll: Duration
        /// How long jobs in flight may go on once the process is asked to stop.
        package var grace: Duration
        /// How long they have, once cancelled at the end of that, to say what became of them.
        var farewell: Duration { self.grace / 4 }

        package init(
            lease: Duration = .seconds(30),
            heartbeat: Duration = .seconds(5),
            poll: Duration = .seconds(1),
            grace: Duration = .seconds(20)
        ) {
            self.lease = lease
            self.heartbeat = heartbeat
            self.poll = poll
            self.grace = grace
        }
    }

    /// Made anew for each worker: two of one name never share it.
    package let id = UUID()
    package let queue: QueueName
    package let metrics: QueueMetrics
    let shape: Shape
    let handler: any JobHandler
    let pool: Pool
    let listener: Listener?
    let name: String
    let retryPolicy: RetryPolicy
    let pace: Pace
    let logger: Logger
    let onCommit: @Sendable () -> Void

    /// - Parameters:
    ///   - listener: without one, new jobs are noticed by polling only.
    ///   - onCommit: called after each group of commits.
    package init(
        queue: QueueName,
        shape: Shape,
        handler: any JobHandler,
        pool: Pool,
        listener: Listener? = nil,
        name: String,
        retryPolicy: RetryPolicy = RetryPolicy(),
        pace: Pace = Pace(),
        metrics: QueueMetrics = QueueMetrics(),
        logger: Logger,
        onCommit: @escaping @Sendable () -> Void = {}
    ) {
        self.queue = queue
        self.shape = shape
        self.handler = handler
        self.pool = pool
        self.listener = listener
        self.name = name
        self.retryPolicy = retryPolicy
        self.pace = pace
        self.metrics = metrics
        self.logger = logger
        self.onCommit = onCommit
    }

    /// Returns when all lanes are handed back, or the grace time is over. Never throws: a throw would cancel services still draining.
    package func run() async {
        let engine = WorkerEngine(self)
        // A task of its own: cancellation asks it to stop, it must not break the statements that hand the lanes back.
        let work = Task { await engine.run() }
        await withTaskCancellationHandler {
            await withGracefulShutdownHandler {
                await work.value
            } onGracefulShutdown: {
                engine.stop()
            }
        } onCancel: {
            engine.stop()
        }
    }
}
