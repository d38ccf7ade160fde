import Foundation

@testable import Queue

/// A worker on the virtual clock: the room's own `Dispatcher`, `LeaseTable` and `RetryPolicy`, with a network that delays and loses.
final class SimulatedWorker {
    let id: UUID
    private unowned let world: Simulation
    private(set) var dispatcher: Dispatcher
    private(set) var isGone = false
    private var isStopping: Bool { self.dispatcher.isRetired }
    private var stalledUntil = 0
    private var active = 0
    private var leasesBusy = false
    private var leasesAgain = false
    private let limit: Int
    private let policy = RetryPolicy(budget: 4, base: .milliseconds(50), longest: .seconds(5))

    init(_ id: UUID, in world: Simulation, limit: Int) {
        self.id = id
        self.world = world
        self.limit = limit
        self.dispatcher = Dispatcher(capacity: 24)
        self.dispatcher.horizon.patience = 40
        self.beat()
        self.poll()
    }

    // MARK: Faults

    func crash() {
        self.isGone = true
        self.world.handlersEnded(of: self)
    }

    func stall(for milliseconds: Int) { self.stalledUntil = self.world.now + milliseconds }

    func stop() {
        self.dispatcher.retireAll()
        self.pump()
    }

    // MARK: A process and its network

    /// Runs `body` in this process after a while: never once it is dead, not before a stall is over.
    private func after(_ delay: Int, _ body: @escaping () -> Void) {
        self.world.after(delay) { [self] in
            if self.isGone { return }
            if self.world.now < self.stalledUntil { return self.after(self.stalledUntil - self.world.now, body) }
            body()
        }
    }

    /// One round trip; nil when the line broke: before the database acted, after it, or long before it does.
    private func call<Answer>(_ request: @escaping (inout ModelDatabase) -> Answer, then: @escaping (Answer?) -> Void) {
        let fate = self.world.isFaulty ? self.world.random.upTo(299) : 299
        self.world.after(self.world.latency()) { [self] in
            if self.isGone && fate.isMultiple(of: 2) { return }  // died before the bytes left
            if self.world.isDatabaseDown || fate == 0 { return self.after(self.world.latency()) { then(nil) } }
            if fate == 1 {
                self.world.after(self.world.random.upTo(3_000)) { _ = request(&self.world.database) }
                return self.after(self.world.latency()) { then(nil) }
            }
            let answer = request(&self.world.database)
            self.after(self.world.latency()) { then(fate == 2 ? nil : answer) }
        }
    }

    private func poll() {
        self.after(1_000) {
            self.dispatcher.wakeAll()
            self.pump()
            self.poll()
        }
    }

    func notify(_ lanes: [Int16]) {
        self.after(self.world.latency()) {
            self.dispatcher.wake(lanes)
            self.pump()
        }
    }

    func rescan(_ lane: Int16) {
        self.after(self.world.latency()) {
            self.dispatcher.rescan(lane)
            self.pump()
        }
    }

    // MARK: Leases

    private func beat() {
        self.leaseRound()
        self.after(self.world.heartbeat) { self.beat() }
    }

    private func leaseRound() {
        guard !self.leasesBusy else {
            self.leasesAgain = true
            return
        }
        self.leasesBusy = true
        let held = Set(self.dispatcher.held.keys)
        self.call(
            { $0.beat(self.id, held: held, lease: self.world.lease, isLeaving: self.isStopping) },
            then: { table in
                guard let table else { return self.endLeaseRound() }
                let held = self.dispatcher.held
                let leaving = Set(self.dispatcher.lanes.keys).subtracting(held.keys)
                var plan = table.plan(for: self.id, held: held, leaving: leaving)
                for lane in plan.lost { self.dispatcher.retire(lane, as: .lost) }
                if self.isStopping { plan.claims = [] }
                self.dispatcher.retire(surplus: plan.surplus)
                guard !plan.claims.isEmpty else { return self.endLeaseRound() }
                self.call(
                    { $0.claim(plan.claims, by: self.id, lease: self.world.lease) },
                    then: { won in
                        for (lane, epoch, takenOver) in won ?? [] where self.dispatcher.lanes[lane] == nil {
                            self.dispatcher.adopt(lane, epoch: epoch, takenOver: takenOver)
                        }
                        self.endLeaseRound()
                    }
                )
            }
        )
    }

    private func endLeaseRound() {
        _ = self.dispatcher.takeIdle(.lost)
        let draining = self.dispatcher.takeIdle(.draining).sorted { $0.key < $1.key }
        let doubtful = self.dispatcher.takeIdle(.doubtful).sorted { $0.key < $1.key }
        self.call(
            { database -> [Int16: Int64?] in
                for (lane, epoch) in draining { database.handBack(lane, epoch: epoch, by: self.id) }
                return Dictionary(uniqueKeysWithValues: doubtful.map { ($0.key, database.renew($0.key, epoch: $0.value, by: self.id)) })
            },
            then: { renewed in
                for (lane, _) in draining + doubtful {
                    guard let renewed else {
                        self.dispatcher.stay(lane)
                        continue
                    }
                    self.dispatcher.remove(lane)
                    if let epoch = renewed[lane] ?? nil { self.dispatcher.adopt(lane, epoch: epoch) }
                }
                self.leasesBusy = false
                if self.isStopping, self.dispatcher.lanes.isEmpty { return self.isGone = true }
                if self.leasesAgain {
                    self.leasesAgain = false
                    self.leaseRound()
                }
                self.pump()
            }
        )
    }

    // MARK: Work

    private func pump() {
        while self.active < 4, let batch = self.dispatcher.take(self.limit) {
            self.active += 1
            self.begin(batch)
        }
        if let plan = self.dispatcher.planRead() {
            let broken = self.world.flaw == .stepsOver ? plan.steppingOver : plan
            self.call(
                { $0.read(broken) },
                then: { answer in
                    if let answer { self.dispatcher.apply(answer, to: plan) } else { self.dispatcher.readFailed(plan) }
                    if let due = answer?.nextDue { self.wakeForDue(in: due) }
                    self.pump()
                }
            )
        }
        self.world.check(self.dispatcher.buffered <= 24 * 20, "a worker holds too many jobs in memory")
        let states = self.dispatcher.lanes.values
        if states.contains(where: { $0.phase != .held && $0.running == 0 && !$0.isLeaving }) { self.leaseRound() }
    }

    private func wakeForDue(in wait: Duration) {
        self.after(Int(wait / .milliseconds(1)) + 1) {
            self.dispatcher.wakeDue()
            self.pump()
        }
    }

    private func begin(_ batch: Dispatcher.Batch) {
        let end = { (_: Bool) in self.active -= 1 }
        guard !batch.marks.isEmpty else { return self.handle(batch.jobs, then: end) }
        self.commit(batch.marks.map { ($0, .mark) }, of: batch.jobs, orElse: end) { self.handle(batch.jobs, then: end) }
    }

    /// One by one, as the engine does with a set that cannot go as a whole.
    private func handleEach(_ jobs: ArraySlice<Job>, stopped: Set<KeyRef> = [], then: @escaping (Bool) -> Void) {
        guard let job = jobs.first else { return then(stopped.isEmpty) }
        if stopped.contains(job.reference) { return self.handleEach(jobs.dropFirst(), stopped: stopped, then: then) }
        self.handle([job]) { areGone in
            self.handleEach(jobs.dropFirst(), stopped: areGone ? stopped : stopped.union([job.reference]), then: then)
        }
    }

    /// - Parameter then: is told whether all are gone.
    private func handle(_ jobs: [Job], then: @escaping (Bool) -> Void) {
        self.world.handlersBegan(of: self, jobs: jobs)
        if jobs.contains(where: { $0.isPoison && $0.crashes < Dispatcher.crashLimit }) { return self.world.kill(self) }
        self.after(self.world.random.upTo(30)) {
            self.world.handlersEnded(of: self, jobs: jobs)
            let handled = Handled(verdicts: Dictionary(uniqueKeysWithValues: jobs.map { ($0.id, self.world.verdict(on: $0)) }))
            guard handled.keepsOrder(of: jobs) else { return self.handleEach(jobs[...], then: then) }
            let changes = jobs.map { ($0, self.world.change(of: $0, by: handled.verdicts[$0.id] ?? .done, policy: self.policy)) }
            self.commit(changes, of: jobs, orElse: then) {
                for (job, change) in changes {
                    if case .finish = change { self.dispatcher.settle(job, as: .gone) } else { self.dispatcher.settle(job, as: .waiting) }
                    if case .wait(let until, _) = change { self.wakeForDue(in: .milliseconds(max(0, until - self.world.now))) }
                }
                then(changes.allSatisfy { if case .finish = $0.1 { true } else { false } })
            }
        }
    }

    /// Commits under the epochs the jobs were taken by; handles what is left when a lane is lost, and nothing when in doubt.
    private func commit(
        _ changes: [(Job, ModelDatabase.Change)],
        of jobs: [Job],
        orElse: @escaping (Bool) -> Void,
        then: @escaping () -> Void
    ) {
        let epochs = Dictionary(
            jobs.map { ($0.lane, self.dispatcher.lanes[$0.lane]?.epoch ?? -1) },
            uniquingKeysWith: { first, _ in first }
        )
        let seen = self.dispatcher.highestSeen
        self.call(
            { database -> UInt64? in
                self.world.willCommit(changes, epochs: epochs, by: self, in: database)
                guard let done = database.commit(changes, epochs: epochs, owner: self.id) else { return nil }
                self.world.check(done.missing.isEmpty, "job \(done.missing.first?.id ?? 0) was completed twice")
                self.world.didCommit(changes, epochs: epochs, by: self)
                return done.xid
            },
            then: { outcome in
                switch outcome {
                case .some(.some(let xid)):
                    self.dispatcher.horizon.record(xid: xid, after: seen)
                    then()
                case .some(.none):
                    self.findLostLanes(of: jobs, then: orElse)
                case .none:
                    for job in jobs {
                        self.dispatcher.retire(job.lane, as: .doubtful)
                        self.dispatcher.settle(job, as: .unknown)
                    }
                    orElse(false)
                }
                self.pump()
            }
        )
    }

    private func findLostLanes(of jobs: [Job], then: @escaping (Bool) -> Void) {
        self.call(
            { database in database.lanes.map { $0.owner == self.id ? $0.epoch : -1 } },
            then: { epochs in
                guard let epochs else { return self.findLostLanes(of: jobs, then: then) }
                for (lane, epoch) in self.dispatcher.held where epochs[Int(lane)] != epoch { self.dispatcher.retire(lane, as: .lost) }
                let kept = jobs.filter { self.dispatcher.lanes[$0.lane]?.phase != .lost && self.dispatcher.lanes[$0.lane] != nil }
                for job in jobs where !kept.contains(where: { $0.id == job.id }) { self.dispatcher.settle(job, as: .unknown) }
                if kept.isEmpty { then(false) } else { self.handle(kept, then: then) }
                self.pump()
            }
        )
    }
}

extension Job {
    /// Ends the process of whoever handles it.
    var isPoison: Bool { self.payload == [0xff] }
}

extension ReadPlan {
    /// The mistake the horizon is there to prevent: never look below the cursor again.
    fileprivate var steppingOver: ReadPlan {
        var plan = self
        plan.views = plan.views.mapValues {
            .init(generation: $0.generation, cursor: $0.cursor, seen: $0.seen, floor: $0.cursor, stragglers: [])
        }
        return plan
    }
}
