import Foundation
import Logging
import Postgres
import Synchronization

/// One worker's life: asks the `Dispatcher` what to do, does it, and tells it how that went.
actor WorkerEngine {
    let worker: QueueWorker
    let table: JobTable
    let leases: LeaseStore
    let committer: GroupCommitter<Completion>
    var dispatcher: Dispatcher
    let clock = ContinuousClock()

    private nonisolated let stopping = Mutex(false)
    nonisolated var isAskedToStop: Bool { self.stopping.withLock { $0 } }
    nonisolated let leaseAlarm = Alarm()
    nonisolated let pollAlarm = Alarm()
    private var deadline: ContinuousClock.Instant?
    /// The grace time is over, and the calls know.
    private(set) var isCutOff = false
    /// Until then nobody else can own this worker's lanes, whatever happens to its heartbeat.
    var trustedUntil: ContinuousClock.Instant
    private var calls: [Int: Task<Void, Never>] = [:]
    private var lastCall = 0
    /// Jobs in flight that the table counts as such.
    var marked: Set<Job.ID> = []
    /// Those of them whose call ended in doubt: this worker is alive, so they ended none.
    var forgiven: [Job] = []
    private(set) var isEnded = false
    /// After a failed round, the next one waits for its time.
    var leasesFailed = false
    private var failedReads = 0
    private var isReadPaused = false
    private var dueAt: ContinuousClock.Instant?

    init(_ worker: QueueWorker) {
        self.worker = worker
        self.table = JobTable(queue: worker.queue)
        self.leases = LeaseStore(
            queue: worker.queue,
            worker: worker.id,
            name: worker.name,
            lease: worker.pace.lease,
            pool: worker.pool
        )
        let (queue, id, metrics, onCommit) = (worker.queue, worker.id, worker.metrics, worker.onCommit)
        self.committer = GroupCommitter(pool: worker.pool, largest: worker.shape.unitsPerCommit) { units, duration in
            metrics.update {
                $0.commits += 1
                $0.committedUnits += units
                $0.commitSeconds.record(duration)
            }
            onCommit()
        } compose: { group in
            Completion.statements(for: group, on: queue, by: id)
        }
        self.dispatcher = Dispatcher(capacity: max(256, 4 * worker.shape.limit * worker.shape.concurrent))
        self.trustedUntil = self.clock.now
    }

    /// Returns when the worker has stopped.
    func run() async {
        let polling = Task { await self.poll() }
        let listening = Task { await self.listen() }
        await self.keepLeases()
        self.isEnded = true
        self.cancelCalls()
        listening.cancel()
        self.pollAlarm.ring()
        await polling.value
    }

    /// Asks it to end; any thread, any number of times.
    nonisolated func stop() {
        self.stopping.withLock { $0 = true }
        Task { await self.retire() }
    }

    private func retire() {
        if self.deadline == nil { self.deadline = self.clock.now + self.worker.pace.grace }
        self.dispatcher.retireAll()
        self.leaseAlarm.ring()
    }

    /// A call that is cancelled can still commit: what it knows of its jobs is worth more than that their lanes go a moment earlier.
    func cutOff() {
        self.isCutOff = true
        self.deadline = self.clock.now + self.worker.pace.farewell
        self.cancelCalls()
    }

    private func cancelCalls() {
        for call in self.calls.values { call.cancel() }
    }

    var isStopping: Bool { self.deadline != nil }
    var isOutOfTime: Bool { self.deadline.map { self.clock.now >= $0 } ?? false }
    /// What is left of the grace time, or of the farewell after it.
    var timeLeft: Duration { self.deadline.map { self.clock.now.duration(to: $0) } ?? .seconds(3_600) }

    // MARK: Waking up

    private func listen() async {
        guard let notifications = self.worker.listener?.notifications(on: self.worker.queue.channel) else { return }
        for await notification in notifications {
            switch notification {
            case .received(let payload):
                if let wakeUp = WakeUp(payload) { self.hear(wakeUp) }
            case .reconnected:
                // Anything may have been said meanwhile.
                for lane in self.dispatcher.held.keys { self.dispatcher.rescan(lane) }
                self.leaseAlarm.ring()
                self.pump()
            }
        }
    }

    private func hear(_ wakeUp: WakeUp) {
        switch wakeUp {
        case .jobs(let lanes): self.dispatcher.wake(lanes)
        case .leases: self.leaseAlarm.ring()
        case .changed(let lane): self.dispatcher.rescan(lane)
        }
        self.pump()
    }

    private func poll() async {
        while !self.isEnded {
            await self.pollAlarm.sleep(atMost: self.worker.pace.poll)
            self.dispatcher.wakeAll()
            self.pump()
        }
    }

    /// A job waits for so long; wakes up for the first of them.
    func expectDue(in wait: Duration) {
        let moment = self.clock.now + wait + .milliseconds(1)
        if let dueAt, dueAt <= moment { return }
        self.dueAt = moment
        Task {
            try? await self.clock.sleep(until: moment)
            guard self.dueAt == moment else { return }
            self.dueAt = nil
            self.dispatcher.wakeDue()
            self.pump()
        }
    }

    // MARK: Reading and starting

    /// Starts whatever can be started now. Called after everything that may have changed that.
    func pump() {
        guard !self.isEnded else { return }
        if self.clock.now < self.trustedUntil {
            while self.calls.count < self.worker.shape.concurrent, let batch = self.dispatcher.take(self.worker.shape.limit) {
                self.start(batch)
            }
        }
        if !self.isReadPaused, let plan = self.dispatcher.planRead() {
            Task { await self.read(plan) }
        }
        if self.dispatcher.hasIdleLanes, !self.leasesFailed { self.leaseAlarm.ring() }
        let (lanes, buffered, running) = (self.dispatcher.held.count, self.dispatcher.buffered, self.calls.count)
        self.worker.metrics.update {
            $0.lanes = lanes
            $0.buffered = buffered
            $0.running = running
        }
    }

    private func read(_ plan: ReadPlan) async {
        do {
            let answer = try await self.table.read(plan, from: self.worker.pool)
            self.failedReads = 0
            self.dispatcher.apply(answer, to: plan)
            if let wait = answer.nextDue { self.expectDue(in: wait) }
        } catch {
            self.dispatcher.readFailed(plan)
            self.failedReads += 1
            self.report(error, "could not read jobs")
            self.pauseReading()
        }
        self.pump()
    }

    private func pauseReading() {
        self.isReadPaused = true
        var random = SystemRandomNumberGenerator()
        let policy = RetryPolicy(base: .milliseconds(100), longest: .seconds(2))
        let wait = policy.backoff(failures: self.failedReads, using: &random)
        Task {
            try? await self.clock.sleep(for: wait)
            self.isReadPaused = false
            self.pump()
        }
    }

    private func start(_ batch: Dispatcher.Batch) {
        self.lastCall += 1
        let number = self.lastCall
        self.worker.metrics.update { $0.taken += batch.jobs.count }
        self.calls[number] = Task {
            await self.work(on: batch.jobs, marking: batch.marks)
            self.calls[number] = nil
            self.pump()
        }
    }

    /// An outage is one line in the log, not one for each statement that fails by it.
    func report(_ error: any Error, _ message: Logger.Message) {
        let code = (error as? PostgresError)?.code.rawValue ?? "\(type(of: error))"
        self.worker.logger.log(
            level: self.failedReads > 1 ? .debug : .warning,
            message,
            metadata: ["queue": "\(self.worker.queue.rawValue)", "error.code": "\(code)"]
        )
    }
}
