import Foundation

/// One worker's memory of its lanes, and every decision about order: what to read, what may run, what a result means.
///
/// A pure value: it does no I/O and looks at no clock, so the simulation runs this very code. Its promises, as long as the worker
/// owns the lane: jobs of one key run in order, in one call at a time; a job that waits holds back its key and nothing else; no job is
/// stepped over, whenever its insert commits; memory is bounded, whatever the backlog.
struct Dispatcher: Sendable {
    /// About how many jobs it holds in memory; never more than twice as many and one read.
    let capacity: Int
    /// How many jobs of one lane may be in flight when a worker dies, so how many its successor looks at with care.
    static let suspectsPerLane = 64
    /// A job that was in flight this many times when its worker went silent, the last time alone, is set aside.
    static let crashLimit = 2

    private(set) var lanes: [Int16: LaneState] = [:]
    private(set) var isRetired = false
    private(set) var buffered = 0
    var bufferedOf: [UUID: Int] = [:]
    var ready = ReadyList()
    /// Jobs that are run with no other of their kind beside them, because they may be what ended a worker.
    var alone: [KeyRef] = []
    var runsAlone: Int64?

    var horizon = Horizon()
    /// The highest job id this worker has seen in any lane: what a checkpoint of the horizon goes with.
    var highestSeen: Int64 = 0

    /// While a read is under way: the jobs settled since it began, which its answer may still show, and where keys wait since.
    var isReading = false
    var settledSinceRead: Set<Int64> = []
    var waitingSinceRead: [KeyRef: Int64] = [:]
    /// Idle keys whose next jobs are to be looked up.
    var sought: [KeyRef] = []
    /// Which lane is asked first, so that each has its turn when there is not room for all.
    var firstLane: Int16 = 0
    private var generations = 0

    init(capacity: Int) { self.capacity = capacity }

    /// One call's worth of jobs.
    struct Batch: Sendable {
        /// Those of one key in their order.
        var jobs: [Job] = []
        /// To be counted in the table as in flight before the handler sees them.
        var marks: [Job] = []
    }

    // MARK: Lanes

    /// - Parameter takenOver: the owner before went silent, so one of its jobs may be to blame.
    mutating func adopt(_ lane: Int16, epoch: Int64, takenOver: Bool = false) {
        precondition(self.lanes[lane] == nil, "a lane with jobs in flight cannot be claimed")
        self.generations += 1
        self.lanes[lane] = LaneState(epoch: epoch, generation: self.generations, suspects: takenOver ? Self.suspectsPerLane : 0)
        if self.isRetired { self.retire(lane, as: .draining) }
    }

    /// The lanes whose jobs this worker may start and finish.
    var held: [Int16: Int64] {
        self.lanes.filter { $0.value.phase != .lost }.mapValues(\.epoch)
    }

    func holds(_ lane: Int16, epoch: Int64) -> Bool {
        self.lanes[lane].map { $0.epoch == epoch && $0.phase != .lost } ?? false
    }

    /// Starts no more jobs of the lane. It comes up in `idleLanes` when nothing is in flight.
    mutating func retire(_ lane: Int16, as phase: LaneState.Phase) {
        guard var state = self.lanes[lane], state.phase != .lost else { return }
        if state.phase == .doubtful, phase == .draining { return }
        state.phase = phase
        self.forgetBuffered(&state, lane: lane)
        self.lanes[lane] = state
    }

    /// Starts nothing more in any lane, now or later.
    mutating func retireAll() {
        self.isRetired = true
        for lane in self.lanes.keys { self.retire(lane, as: .draining) }
    }

    /// Hands back `count` lanes, those with the least in flight first.
    mutating func retire(surplus count: Int) {
        let leaving = self.lanes.values.count { $0.phase == .draining }
        let candidates = self.lanes.filter { $0.value.phase == .held }.sorted { ($0.value.running, $0.key) < ($1.value.running, $1.key) }
        for (lane, _) in candidates.prefix(max(0, count - leaving)) { self.retire(lane, as: .draining) }
    }

    /// Takes the lanes in `phase` that have nothing in flight any more; the caller hands them back or renews them, then calls `remove`.
    mutating func takeIdle(_ phase: LaneState.Phase) -> [Int16: Int64] {
        let idle = self.lanes.filter { $0.value.phase == phase && $0.value.running == 0 && !$0.value.isLeaving }
        for lane in idle.keys {
            if phase == .lost { self.lanes[lane] = nil } else { self.lanes[lane]?.isLeaving = true }
        }
        return idle.mapValues(\.epoch)
    }

    var hasIdleLanes: Bool {
        self.lanes.values.contains { $0.phase != .held && $0.running == 0 && !$0.isLeaving }
    }

    mutating func remove(_ lane: Int16) { self.lanes[lane] = nil }

    /// The hand-over or renewal did not reach the database; it is tried again.
    mutating func stay(_ lane: Int16) { self.lanes[lane]?.isLeaving = false }

    /// Forgets what was read but not begun, and reads the lane from its start: the answer to every change made from outside.
    mutating func rescan(_ lane: Int16) {
        guard var state = self.lanes[lane], state.phase == .held else { return }
        self.forgetBuffered(&state, lane: lane)
        self.generations += 1
        state.generation = self.generations
        state.cursor = 0
        state.seen = .blind
        state.behind = [:]
        state.mayHaveMore = true
        state.due = .likely
        self.lanes[lane] = state
    }

    private mutating func forgetBuffered(_ state: inout LaneState, lane: Int16) {
        for (key, entry) in state.keys {
            for job in entry.waiting { self.count(job, by: -1) }
            guard let last = entry.running.last else {
                state.keys[key] = nil
                continue
            }
            state.keys[key]?.waiting = []
            // What follows may hide behind a job that still stands in the table as waiting.
            state.keys[key]?.gap = last + 1
        }
        self.ready.removeAll(of: lane)
        self.alone.removeAll { $0.lane == lane }
    }

    // MARK: Running

    /// The next jobs to run: key by key and workspace by workspace; room that is left goes to those that follow them in their keys, so that
    /// a busy key costs a commit for many. Nil when there is nothing to do.
    mutating func take(_ limit: Int) -> Batch? {
        if self.runsAlone == nil, !self.alone.isEmpty {
            let reference = self.alone.removeFirst()
            if self.isIdle(reference), let job = self.start(reference) {
                self.runsAlone = job.id
                return Batch(jobs: [job], marks: [job])
            }
        }
        var batch = Batch()
        while batch.jobs.count < limit, let reference = self.ready.popFirst() {
            guard let next = self.lanes[reference.lane]?.keys[reference]?.waiting.first else { continue }
            if next.crashes > 0 {
                self.alone.append(reference)
                if batch.jobs.isEmpty, self.runsAlone == nil { return self.take(limit) }
                continue
            }
            guard self.isIdle(reference), let job = self.start(reference) else { continue }
            self.add(job, to: &batch)
        }
        for first in batch.jobs {
            let reference = first.reference
            while batch.jobs.count < limit, self.lanes[reference.lane]?.keys[reference]?.waiting.first?.crashes == 0,
                let next = self.start(reference)
            {
                self.add(next, to: &batch)
            }
        }
        return batch.jobs.isEmpty ? nil : batch
    }

    private mutating func add(_ job: Job, to batch: inout Batch) {
        batch.jobs.append(job)
        guard let suspects = self.lanes[job.lane]?.suspects, suspects > 0 else { return }
        self.lanes[job.lane]?.suspects = suspects - 1
        batch.marks.append(job)
    }

    private func isIdle(_ reference: KeyRef) -> Bool { self.lanes[reference.lane]?.keys[reference]?.running.isEmpty == true }

    private mutating func start(_ reference: KeyRef) -> Job? {
        guard var entry = self.lanes[reference.lane]?.keys[reference], !entry.waiting.isEmpty else { return nil }
        let job = entry.waiting.removeFirst()
        entry.running.append(job.id)
        self.lanes[reference.lane]?.keys[reference] = entry
        self.lanes[reference.lane]?.running += 1
        self.count(job, by: -1)
        return job
    }

    /// What the table says of a job now.
    enum Settlement: Hashable, Sendable {
        /// Finished, or a dead letter.
        case gone
        /// Stands there for later, and with it its key.
        case waiting
        /// Nobody knows, because its lane is lost or its commit is in doubt.
        case unknown
    }

    mutating func settle(_ job: Job, as settlement: Settlement) {
        if self.runsAlone == job.id { self.runsAlone = nil }
        let reference = job.reference
        guard var state = self.lanes[job.lane], var entry = state.keys[reference], let place = entry.running.firstIndex(of: job.id) else {
            return
        }
        if self.isReading { self.settledSinceRead.insert(job.id) }
        // Unless it is gone it takes those behind it along: they are not begun, or nobody knows of them either.
        let ended = settlement == .gone ? place..<place + 1 : place..<entry.running.endIndex
        state.running -= ended.count
        entry.running.removeSubrange(ended)
        let isIdle = entry.running.isEmpty
        switch settlement {
        case .gone where !isIdle:
            state.keys[reference] = entry
        case .gone where !entry.waiting.isEmpty:
            state.keys[reference] = entry
            self.ready.append(reference, of: entry.waiting[0].workspace)
        case .gone where entry.gap != nil:
            state.keys[reference] = entry
            self.sought.append(reference)
        case .gone:
            state.keys[reference] = nil
        case .waiting:
            if self.isReading {
                self.waitingSinceRead[reference, default: job.id] = min(self.waitingSinceRead[reference] ?? job.id, job.id)
            }
            // It holds back the later ones; one that committed late, with a lower id, goes on.
            let isSought = entry.gap.map { $0 < job.id } ?? false
            for later in entry.truncate(after: job.id - 1) { self.count(later, by: -1) }
            state.keys[reference] = isSought || !isIdle || !entry.waiting.isEmpty ? entry : nil
            if !isIdle {
                break
            } else if let next = entry.waiting.first {
                self.ready.append(reference, of: next.workspace)
            } else if isSought {
                self.sought.append(reference)
            }
        case .unknown:
            for job in entry.waiting { self.count(job, by: -1) }
            entry.waiting = []
            state.keys[reference] = isIdle ? nil : entry
        }
        self.lanes[job.lane] = state
    }

    mutating func count(_ job: Job, by change: Int) {
        self.buffered += change
        let rest = self.bufferedOf[job.workspace, default: 0] + change
        self.bufferedOf[job.workspace] = rest == 0 ? nil : rest
    }

    mutating func update(_ lane: Int16, _ change: (inout LaneState) -> Void) {
        guard var state = self.lanes.removeValue(forKey: lane) else { return }
        change(&state)
        self.lanes[lane] = state
    }
}
