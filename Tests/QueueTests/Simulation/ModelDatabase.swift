import Foundation

@testable import Queue

/// The queue's tables in memory, with transactions that commit late: what the SQL of the room does, in Swift.
struct ModelDatabase {
    struct Row {
        var job: Job
        let xid: UInt64
        /// On the true clock, as `committedAt`.
        let insertedAt: Int
        var committedAt: Int?
        var waiting = false
        var held = false
        var runAt = 0
    }

    struct LaneRow {
        var epoch: Int64 = 0
        var owner: UUID?
        var expiresAt = 0
    }

    /// What a fenced commit does to one job.
    enum Change { case finish, wait(until: Int, failed: Bool), hold, mark }

    /// The database's clock, in milliseconds.
    var now = 0
    /// A broken variant, to show that the checks see it.
    var ignoresFence = false
    private(set) var jobs: [Int16: [Row]] = [:]
    var lanes = [LaneRow](repeating: LaneRow(), count: Lanes.count)
    var heartbeats: [UUID: Int] = [:]
    private var nextXid: UInt64 = 100
    private var nextID: Int64 = 1
    private var highestFinished: UInt64 = 99
    private var open: Set<UInt64> = []

    /// PostgreSQL's rule, trap included: a snapshot ends after the highest *finished* transaction, not after the newest.
    var snapshot: Snapshot {
        Snapshot(next: self.highestFinished + 1, open: self.open.filter { $0 <= self.highestFinished }.sorted())
    }

    var count: Int { self.jobs.values.reduce(0) { $0 + $1.count { $0.committedAt != nil } } }
    var hasOpenTransactions: Bool { !self.open.isEmpty }

    // MARK: Producers

    mutating func begin() -> UInt64 {
        defer { self.nextXid += 1 }
        self.open.insert(self.nextXid)
        return self.nextXid
    }

    mutating func insert(key: String, workspace: UUID, payload: [UInt8], runAt: Int, in xid: UInt64, at time: Int) -> Int64 {
        let id = self.nextID
        self.nextID += 1
        let job = Job(id: id, lane: Lanes.lane(of: key), key: key, workspace: workspace, payload: payload, createdAt: .distantPast)
        let row = Row(job: job, xid: xid, insertedAt: time, waiting: runAt > self.now, runAt: runAt)
        self.jobs[job.lane, default: []].append(row)
        return id
    }

    mutating func end(_ xid: UInt64, commits: Bool, at time: Int) {
        self.open.remove(xid)
        self.highestFinished = max(self.highestFinished, xid)
        for lane in self.jobs.keys {
            if !commits {
                self.jobs[lane]?.removeAll { $0.xid == xid }
                continue
            }
            for index in self.jobs[lane, default: []].indices where self.jobs[lane]![index].xid == xid {
                self.jobs[lane]![index].committedAt = time
            }
        }
    }

    mutating func release(_ job: Job) {
        self.edit(job) {
            $0.held = false
            $0.runAt = 0
        }
    }

    func row(of job: Job) -> Row? { self.jobs[job.lane]?.first { $0.job.id == job.id && $0.committedAt != nil } }

    private mutating func edit(_ job: Job, _ change: (inout Row) -> Void) {
        guard let index = self.jobs[job.lane]?.firstIndex(where: { $0.job.id == job.id }) else { return }
        change(&self.jobs[job.lane]![index])
    }

    // MARK: Workers

    func read(_ plan: ReadPlan) -> ReadAnswer {
        var answer = ReadAnswer(before: self.snapshot, after: self.snapshot)
        for lane in plan.scans {
            guard let view = plan.views[lane] else { continue }
            answer.scans.append(
                self.part(of: lane, plan: plan) {
                    view.isNew($0)
                } keep: {
                    !plan.excluded.contains($0.job.workspace)
                }
            )
        }
        for catchUp in plan.catchUps {
            answer.catchUps.append(
                self.part(of: catchUp.lane, plan: plan) {
                    $0.job.id > catchUp.after
                } keep: {
                    $0.job.workspace == catchUp.workspace
                }
            )
        }
        for lane in plan.due {
            let due = self.visible(lane).filter { row in
                row.waiting && !row.held && row.runAt <= self.now && !plan.full.contains(row.job.workspace)
                    && !plan.known.contains(row.job.id)
                    && !self.visible(lane).contains { $0.job.key == row.job.key && $0.job.id < row.job.id }
            }
            answer.due.append(due.sorted { $0.runAt < $1.runAt }.prefix(plan.room).map(\.job))
            for row in self.visible(lane) where row.waiting && !row.held && row.runAt > self.now {
                let wait = Duration.milliseconds(row.runAt - self.now)
                answer.nextDue = min(answer.nextDue ?? wait, wait)
            }
        }
        for seek in plan.seeks {
            guard let view = plan.views[seek.lane] else { continue }
            let found = self.visible(seek.lane).filter { row in
                row.job.key == seek.key && (row.job.id >= seek.from || view.isNew(row))
            }
            answer.seeks.append(
                found.prefix(ReadPlan.seekLimit).map {
                    .init(job: $0.job, state: !$0.waiting ? .fresh : !$0.held && $0.runAt <= self.now ? .due : .waiting)
                }
            )
        }
        return answer
    }

    private func visible(_ lane: Int16) -> [Row] { self.jobs[lane, default: []].filter { $0.committedAt != nil } }

    private func part(of lane: Int16, plan: ReadPlan, where isNew: (Row) -> Bool, keep: (Row) -> Bool) -> ReadAnswer.Part {
        let rows = self.visible(lane)
        let window = rows.filter(isNew).prefix(plan.window)
        let runnable = window.filter { row in
            !row.waiting && keep(row) && !rows.contains { $0.waiting && $0.job.key == row.job.key && $0.job.id < row.job.id }
        }
        if runnable.count > plan.room {
            let jobs = runnable.prefix(plan.room).map(\.job)
            return ReadAnswer.Part(jobs: jobs, through: jobs.last?.id, isCut: true)
        }
        return ReadAnswer.Part(jobs: runnable.map(\.job), through: window.last?.job.id, isCut: window.count == plan.window)
    }

    /// Nil when a lane is lost; else the number of the transaction, and the jobs that were not there any more.
    mutating func commit(_ changes: [(Job, Change)], epochs: [Int16: Int64], owner: UUID) -> (xid: UInt64, missing: [Job])? {
        for (lane, epoch) in epochs where !self.ignoresFence {
            if self.lanes[Int(lane)].owner != owner || self.lanes[Int(lane)].epoch != epoch { return nil }
        }
        var missing: [Job] = []
        for (job, change) in changes {
            guard let row = self.row(of: job) else {
                missing.append(job)
                continue
            }
            switch change {
            case .finish: self.jobs[job.lane]?.removeAll { $0.job.id == job.id }
            case .wait(let until, let failed):
                self.edit(job) {
                    $0.waiting = true
                    $0.runAt = until
                    let failure = failed ? [Failure(at: "", reason: "", worker: owner)] : []
                    $0.job = row.job.with(failures: row.job.failures + failure, crashes: 0)
                }
            case .hold:
                self.edit(job) {
                    $0.waiting = true
                    $0.held = true
                }
            case .mark: self.edit(job) { $0.job = row.job.with(failures: row.job.failures, crashes: row.job.crashes + 1) }
            }
        }
        let xid = self.begin()
        self.open.remove(xid)
        self.highestFinished = max(self.highestFinished, xid)
        return (xid, missing)
    }

    mutating func beat(_ worker: UUID, held: Set<Int16>, lease: Int, isLeaving: Bool) -> LeaseTable {
        self.heartbeats[worker] = isLeaving ? nil : self.now
        for lane in held where self.lanes[Int(lane)].owner == worker { self.lanes[Int(lane)].expiresAt = self.now + lease }
        return LeaseTable(
            leases: self.lanes.enumerated().map { lane, row in
                .init(lane: Int16(lane), epoch: row.epoch, owner: row.owner, remaining: .milliseconds(row.expiresAt - self.now))
            },
            workers: self.heartbeats.filter { $0.value > self.now - lease }.keys.sorted { $0.uuidString < $1.uuidString }
        )
    }

    mutating func claim(_ claims: [Int16], by worker: UUID, lease: Int) -> [(lane: Int16, epoch: Int64, takenOver: Bool)] {
        claims.compactMap { lane in
            let row = self.lanes[Int(lane)]
            guard row.owner == nil || row.owner == worker || row.expiresAt < self.now else { return nil }
            self.lanes[Int(lane)] = LaneRow(epoch: row.epoch + 1, owner: worker, expiresAt: self.now + lease)
            return (lane, row.epoch + 1, row.owner != nil && row.owner != worker)
        }
    }

    mutating func renew(_ lane: Int16, epoch: Int64, by worker: UUID) -> Int64? {
        guard self.lanes[Int(lane)].owner == worker, self.lanes[Int(lane)].epoch == epoch else { return nil }
        self.lanes[Int(lane)].epoch += 1
        return epoch + 1
    }

    mutating func handBack(_ lane: Int16, epoch: Int64, by worker: UUID) {
        guard self.lanes[Int(lane)].owner == worker, self.lanes[Int(lane)].epoch == epoch else { return }
        self.lanes[Int(lane)].owner = nil
    }
}

extension Job {
    func with(failures: [Failure], crashes: Int) -> Job {
        Job(
            id: self.id,
            lane: self.lane,
            key: self.key,
            workspace: self.workspace,
            payload: self.payload,
            createdAt: self.createdAt,
            failures: failures,
            crashes: crashes
        )
    }
}

extension ReadPlan.View {
    func isNew(_ row: ModelDatabase.Row) -> Bool {
        row.job.id > self.floor && (row.job.id > self.cursor || !self.seen.isOver(row.xid))
    }
}
