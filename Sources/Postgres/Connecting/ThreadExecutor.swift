import Foundation

/// Runs an actor's jobs on one thread of its own, so that blocking calls never hold a thread of the shared pool.
// Unchecked: `jobs` and `isStopped` are touched under the condition's lock only.
final class ThreadExecutor: SerialExecutor, @unchecked Sendable {
    private let condition = NSCondition()
    private var jobs: [UnownedJob] = []
    private var isStopped = false

    init(name: String) {
        let thread = Thread { [self] in self.loop() }
        thread.name = name
        thread.stackSize = 1 << 20
        thread.start()
    }

    func enqueue(_ job: consuming ExecutorJob) {
        let job = UnownedJob(job)
        self.condition.lock()
        self.jobs.append(job)
        self.condition.signal()
        self.condition.unlock()
    }

    /// Ends the thread once every job is done. Called by the actor's deinit, so no job can come after it.
    func stop() {
        self.condition.lock()
        self.isStopped = true
        self.condition.signal()
        self.condition.unlock()
    }

    private func loop() {
        while true {
            self.condition.lock()
            while self.jobs.isEmpty, !self.isStopped { self.condition.wait() }
            let jobs = self.jobs
            self.jobs.removeAll(keepingCapacity: true)
            self.condition.unlock()
            guard !jobs.isEmpty else { return }
            for job in jobs { job.runSynchronously(on: self.asUnownedSerialExecutor()) }
        }
    }
}
