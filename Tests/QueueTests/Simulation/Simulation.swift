import TestSupport
import Foundation

@testable import Queue

/// A fleet of workers, producers and faults on one virtual clock, all drawn from one seed.
final class Simulation {
    enum Flaw { case none, noFence, stepsOver }

    let flaw: Flaw
    let lease = 3_000
    let heartbeat = 500
    var random: SeededGenerator
    private(set) var now = 0
    private(set) var steps = 0
    private(set) var violations: [String] = []
    var database = ModelDatabase()
    var isFaulty: Bool
    private(set) var isDatabaseDown = false
    private(set) var kills = 0

    private var events = Heap()
    private var sequence = 0
    private var workers: [SimulatedWorker] = []
    private var produces = true
    private let workspaces: [UUID]
    /// The committed jobs that are not finished yet, and how the finished ones ended.
    private(set) var unfinished: Set<Int64> = []
    private(set) var finished = 0
    /// Which worker's completions were accepted under an epoch of a lane.
    private var acceptedBy: [String: UUID] = [:]
    /// The keys each worker has in its handlers.
    private var inHandlers: [UUID: Set<String>] = [:]

    init(seed: UInt64, flaw: Flaw = .none, workers: Int = 4, isFaulty: Bool = true) {
        self.random = SeededGenerator(seed: seed)
        self.flaw = flaw
        self.isFaulty = isFaulty
        self.database.ignoresFence = flaw == .noFence
        var random = self.random
        self.workspaces = (0..<3).map { _ in UUID.seeded(&random) }
        self.random = random
        for _ in 0..<workers { self.addWorker() }
    }

    // MARK: The clock

    func after(_ delay: Int, _ body: @escaping () -> Void) {
        self.sequence += 1
        self.events.insert(.init(at: self.now + max(0, delay), number: self.sequence, body: body))
    }

    /// Runs until `steps` events have happened, or a check failed.
    func run(steps: Int) {
        self.produce()
        if self.isFaulty { self.faults() }
        while self.steps < steps, self.violations.isEmpty, self.step() {}
    }

    /// Stops faults and producers; every job must then be finished within `milliseconds`.
    func settle(within milliseconds: Int) {
        self.isFaulty = false
        self.produces = false
        self.isDatabaseDown = false
        let end = self.now + milliseconds
        while self.now < end, self.violations.isEmpty, !self.unfinished.isEmpty || self.database.hasOpenTransactions, self.step() {}
        self.check(self.unfinished.isEmpty, "\(self.unfinished.count) jobs were never finished, first \(self.unfinished.min() ?? 0)")
    }

    private func step() -> Bool {
        guard let event = self.events.popFirst() else { return false }
        let jump = event.at - self.now
        self.now = event.at
        self.database.now += jump
        self.steps += 1
        event.body()
        return true
    }

    func latency() -> Int { self.random.chance(0.02) && self.isFaulty ? self.random.upTo(2_000) : self.random.upTo(6) }

    // MARK: Producers

    private func produce() {
        guard self.produces else { return }
        self.after(self.random.upTo(60)) { self.produce() }
        guard self.database.count < 600 else { return }
        let xid = self.database.begin()
        // One noisy workspace; few keys, so that order has something to be broken.
        let isBurst = self.random.chance(0.01)
        let workspace = isBurst ? 0 : self.random.upTo(2)
        var ids: [Int64] = []
        var lanes: Set<Int16> = []
        for _ in 0...(isBurst ? 150 : self.random.upTo(4)) {
            let key = "\(workspace)/\(self.random.upTo(isBurst ? 60 : 12))"
            let runAt = self.random.chance(0.02) ? self.database.now + self.random.upTo(3_000) : 0
            let payload: [UInt8] = self.isFaulty && self.random.chance(0.0005) ? [0xff] : []
            ids.append(
                self.database.insert(key: key, workspace: self.workspaces[workspace], payload: payload, runAt: runAt, in: xid, at: self.now)
            )
            lanes.insert(Lanes.lane(of: key))
        }
        let isSlow = self.random.chance(0.03)
        self.after(self.random.upTo(isSlow ? 15_000 : 10)) {
            let commits = !self.random.chance(0.05)
            self.database.end(xid, commits: commits, at: self.now)
            if commits { self.unfinished.formUnion(ids) }
            if commits, !self.random.chance(0.1) { for worker in self.workers { worker.notify(lanes.sorted()) } }
        }
    }

    // MARK: Faults

    private func faults() {
        guard self.isFaulty else { return }
        self.after(self.random.upTo(4_000)) { self.faults() }
        let alive = self.workers.filter { !$0.isGone }
        guard let victim = alive.randomElement(using: &self.random) else { return }
        switch self.random.upTo(9) {
        case 0...2: self.kill(victim)
        case 3...4: victim.stall(for: self.random.upTo(3 * self.lease))
        case 5...6:
            victim.stop()
            self.after(self.random.upTo(2_000)) { self.addWorker() }
        case 7:
            self.isDatabaseDown = true
            self.after(self.random.upTo(2 * self.lease)) { self.isDatabaseDown = false }
        case 8: self.database.now += self.random.upTo(2 * self.lease) - self.lease
        default:
            let lane = Int16(self.random.upTo(Lanes.count - 1))
            for worker in alive { worker.rescan(lane) }
        }
    }

    func kill(_ worker: SimulatedWorker) {
        self.kills += 1
        worker.crash()
        self.after(self.random.upTo(2_000)) { self.addWorker() }
    }

    func addWorker() {
        self.workers.removeAll { $0.isGone }
        self.workers.append(SimulatedWorker(.seeded(&self.random), in: self, limit: self.workers.count.isMultiple(of: 2) ? 1 : 6))
    }

    /// What a handler makes of a job.
    func verdict(on job: Job) -> Verdict {
        if job.crashes >= Dispatcher.crashLimit { return .done }
        return switch self.random.upTo(99) {
        case 0...7: .retry(after: nil, reason: "")
        case 8...9: .retry(after: .milliseconds(self.random.upTo(2_000)), reason: "")
        case 10...12: .later(.milliseconds(self.random.upTo(500)))
        case 13: .hold(reason: "")
        case 14: .dead(reason: "")
        default: .done
        }
    }

    func change(of job: Job, by verdict: Verdict, policy: RetryPolicy) -> ModelDatabase.Change {
        switch policy.resolve(verdict, for: job, using: &self.random) {
        case .retry(let wait, _): return .wait(until: self.database.now + Int((wait ?? .zero) / .milliseconds(1)), failed: true)
        case .later(let wait): return .wait(until: self.database.now + Int(wait / .milliseconds(1)), failed: false)
        case .hold: return .hold
        case .done, .dead: return .finish
        }
    }

    // MARK: Checks

    func check(_ condition: Bool, _ violation: @autoclosure () -> String) {
        if !condition { self.violations.append("\(violation()) (step \(self.steps), \(self.now) ms)") }
    }

    func handlersBegan(of worker: SimulatedWorker, jobs: [Job]) {
        for key in Set(jobs.map(\.key)) {
            let isFirst = self.inHandlers[worker.id, default: []].insert(key).inserted
            self.check(isFirst, "two calls ran jobs of key \(key) at once in one worker")
        }
    }

    func handlersEnded(of worker: SimulatedWorker, jobs: [Job]? = nil) {
        guard let jobs else { return self.inHandlers[worker.id] = nil }
        self.inHandlers[worker.id]?.subtract(jobs.map(\.key))
    }

    func willCommit(
        _ changes: [(Job, ModelDatabase.Change)],
        epochs: [Int16: Int64],
        by worker: SimulatedWorker,
        in database: ModelDatabase
    ) {
        var together: Set<Int64> = []
        for case (let job, .finish) in changes {
            together.insert(job.id)
            guard let row = database.row(of: job), database.accepts(job.lane, epochs, worker.id) else { continue }
            for earlier in database.jobs[job.lane, default: []] where earlier.job.key == job.key && earlier.job.id < job.id {
                guard let committed = earlier.committedAt, !together.contains(earlier.job.id) else { continue }
                self.check(committed >= row.insertedAt, "job \(job.id) overtook job \(earlier.job.id) of its key")
            }
        }
    }

    func didCommit(_ changes: [(Job, ModelDatabase.Change)], epochs: [Int16: Int64], by worker: SimulatedWorker) {
        for (lane, epoch) in epochs {
            let first = self.acceptedBy["\(lane)/\(epoch)", default: worker.id]
            self.acceptedBy["\(lane)/\(epoch)"] = first
            self.check(first == worker.id, "two workers completed jobs of lane \(lane) in epoch \(epoch)")
        }
        for case (let job, .hold) in changes {
            self.after(self.random.upTo(5_000)) {
                self.database.release(job)
                for worker in self.workers { worker.rescan(job.lane) }
            }
        }
        for case (let job, .finish) in changes where self.unfinished.remove(job.id) != nil { self.finished += 1 }
    }
}

extension ModelDatabase {
    func accepts(_ lane: Int16, _ epochs: [Int16: Int64], _ worker: UUID) -> Bool {
        self.ignoresFence || (self.lanes[Int(lane)].owner == worker && self.lanes[Int(lane)].epoch == epochs[lane])
    }
}

extension UUID {
    static func seeded(_ random: inout SeededGenerator) -> UUID {
        let (a, b) = (random.next(), random.next())
        func byte(_ word: UInt64, _ index: UInt64) -> UInt8 { UInt8(truncatingIfNeeded: word >> (8 * index)) }
        return UUID(
            uuid: (
                byte(a, 0), byte(a, 1), byte(a, 2), byte(a, 3), byte(a, 4), byte(a, 5), byte(a, 6), byte(a, 7),
                byte(b, 0), byte(b, 1), byte(b, 2), byte(b, 3), byte(b, 4), byte(b, 5), byte(b, 6), byte(b, 7)
            )
        )
    }
}

extension SeededGenerator {
    mutating func chance(_ probability: Double) -> Bool { Double.random(in: 0..<1, using: &self) < probability }
    mutating func upTo(_ limit: Int) -> Int { Int.random(in: 0...limit, using: &self) }
}
