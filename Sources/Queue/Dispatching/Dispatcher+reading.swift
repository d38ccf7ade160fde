import Foundation

extension Dispatcher {
    private static let seeksAtOnce = 512

    /// There may be new jobs in these lanes.
    mutating func wake(_ lanes: some Sequence<Int16>) {
        for lane in lanes { self.update(lane) { $0.mayHaveMore = true } }
    }

    /// Waiting jobs may be due.
    mutating func wakeDue() {
        for lane in self.lanes.keys { self.update(lane) { $0.due = .likely } }
    }

    /// There may be anything: what a slow poll is for.
    mutating func wakeAll() {
        self.wake(Array(self.lanes.keys))
        self.wakeDue()
    }

    /// The next read, or nil when there is no room for more, nothing to expect, or one is under way.
    mutating func planRead() -> ReadPlan? {
        guard !self.isReading else { return nil }
        var plan = ReadPlan()
        plan.seeks = self.planSeeks()
        // Everyone who is behind gets an equal share, and two more shares are kept free for those who are not.
        let noisy = self.lanes.values.reduce(into: Set<UUID>()) { $0.formUnion($1.behind.keys) }
        let share = max(1, self.capacity / (noisy.count + 2))
        let full = self.bufferedOf.filter { $0.value >= share }
        // Those who have their share do not keep the others from being read.
        let others = self.buffered - full.values.reduce(0, +)
        if others <= self.capacity / 4, self.buffered < 2 * self.capacity {
            plan.full = Array(full.keys)
            let idle = noisy.filter { self.bufferedOf[$0, default: 0] <= share / 2 }
            self.planScans(for: idle, in: &plan)
            self.planCatchUps(of: idle, share: share, in: &plan)
            self.planDue(in: &plan)
        }
        guard !plan.isEmpty else { return nil }
        for lane in plan.due + plan.seeks.map(\.lane) where plan.views[lane] == nil { plan.views[lane] = self.view(of: lane) }
        self.firstLane = (self.firstLane + 7) % Int16(Lanes.count)
        self.isReading = true
        return plan
    }

    private func view(of lane: Int16) -> ReadPlan.View? {
        guard let state = self.lanes[lane] else { return nil }
        let (floor, stragglers) = self.horizon.resume(from: state.seen, cursor: state.cursor)
        return .init(generation: state.generation, cursor: state.cursor, seen: state.seen, floor: floor, stragglers: stragglers)
    }

    private mutating func planSeeks() -> [ReadPlan.Seek] {
        var seeks: [ReadPlan.Seek] = []
        for reference in self.sought.prefix(Self.seeksAtOnce) {
            guard let state = self.lanes[reference.lane], state.phase == .held, let entry = state.keys[reference],
                entry.running.isEmpty, entry.waiting.isEmpty, let gap = entry.gap
            else { continue }
            // Where the workspace is behind, a job that came late may lie before the gap.
            let behind = state.behind[entry.workspace] ?? .max - 1
            seeks.append(.init(lane: reference.lane, key: reference.key, from: min(gap, behind + 1)))
        }
        self.sought.removeFirst(min(Self.seeksAtOnce, self.sought.count))
        return seeks
    }

    /// Lanes in turn, beginning with another one each time.
    private func lanesInTurn(_ condition: (LaneState) -> Bool) -> [Int16] {
        let lanes = self.lanes.filter { $0.value.phase == .held && condition($0.value) }.keys.sorted()
        let start = lanes.firstIndex { $0 >= self.firstLane } ?? 0
        return Array(lanes[start...] + lanes[..<start])
    }

    /// Scans the lanes that may have more, and those where an `idle` workspace is behind: it may catch up only as far as all is read.
    private mutating func planScans(for idle: Set<UUID>, in plan: inout ReadPlan) {
        let room = self.capacity / 2
        let lanes = self.lanesInTurn { $0.mayHaveMore || $0.behind.keys.contains(where: idle.contains) }
        plan.scans = Array(lanes.prefix(max(1, room / 4)))
        plan.room = max(4, room / max(1, plan.scans.count))
        let excluded = plan.scans.reduce(into: Set(plan.full)) { excluded, lane in
            if let behind = self.lanes[lane]?.behind { excluded.formUnion(behind.keys) }
        }
        plan.excluded = Array(excluded)
        for lane in plan.scans {
            guard let view = self.view(of: lane) else { continue }
            plan.views[lane] = view
            let floor = view.floor
            self.update(lane) { state in
                for workspace in excluded { state.behind[workspace] = min(state.behind[workspace] ?? floor, floor) }
                state.mayHaveMore = false
            }
        }
    }

    private func planCatchUps(of idle: Set<UUID>, share: Int, in plan: inout ReadPlan) {
        for workspace in idle.sorted(by: { $0.uuidString < $1.uuidString }) {
            let room = share - self.bufferedOf[workspace, default: 0]
            for lane in plan.scans.prefix(max(1, room / plan.room)) {
                guard let after = self.lanes[lane]?.behind[workspace] else { continue }
                plan.catchUps.append(.init(lane: lane, workspace: workspace, after: after))
            }
        }
    }

    private mutating func planDue(in plan: inout ReadPlan) {
        plan.due = self.lanesInTurn { $0.due == .likely || ($0.due == .whenThereIsRoom && plan.full.isEmpty) }
        for lane in plan.due {
            self.update(lane) { state in
                state.due = .no
                for entry in state.keys.values {
                    plan.known += entry.running + entry.waiting.map(\.id)
                }
            }
        }
    }

    /// The read did not come back; its questions are open again.
    mutating func readFailed(_ plan: ReadPlan) {
        self.endRead()
        for seek in plan.seeks { self.sought.append(seek.reference) }
        for lane in plan.scans { self.update(lane) { $0.mayHaveMore = true } }
        for lane in plan.due { self.update(lane) { $0.due = .likely } }
    }

    /// Takes in what a read found. In this order: a seek speaks the last word on its key.
    mutating func apply(_ answer: ReadAnswer, to plan: ReadPlan) {
        self.horizon.observe(answer.after)
        for (lane, part) in zip(plan.scans, answer.scans) {
            guard let view = self.current(lane, in: plan, answer) else {
                self.update(lane) { $0.mayHaveMore = true }
                continue
            }
            for job in part.jobs { self.offer(job) }
            self.update(lane) { state in
                // Cut short, it has read up to `through`, even if that lies below the old cursor.
                state.cursor = part.isCut ? (part.through ?? 0) : max(view.cursor, part.through ?? 0)
                state.seen = answer.before.counting(open: view.stragglers)
                if part.isCut { state.mayHaveMore = true }
            }
        }
        for (catchUp, part) in zip(plan.catchUps, answer.catchUps) where self.current(catchUp.lane, in: plan, answer) != nil {
            for job in part.jobs { self.offer(job) }
            self.update(catchUp.lane) { $0.behind[catchUp.workspace] = part.isCut ? part.through : nil }
        }
        for (lane, jobs) in zip(plan.due, answer.due) {
            guard self.current(lane, in: plan, answer) != nil else {
                self.update(lane) { $0.due = .likely }
                continue
            }
            for job in jobs { self.offer(job, hidesFollowers: true) }
            if jobs.count >= plan.room {
                self.update(lane) { $0.due = .likely }
            } else if !plan.full.isEmpty {
                self.update(lane) { $0.due = max($0.due, .whenThereIsRoom) }
            }
        }
        for (seek, found) in zip(plan.seeks, answer.seeks) {
            if self.current(seek.lane, in: plan, answer) != nil {
                self.continueKey(seek, with: found)
            } else {
                self.sought.append(seek.reference)
            }
        }
        self.endRead()
    }

    /// How the lane stood when the read began; nil when the answer counts for nothing, because the lane started over since, or
    /// because a straggler is over and its jobs, which come first, are not in the answer.
    private func current(_ lane: Int16, in plan: ReadPlan, _ answer: ReadAnswer) -> ReadPlan.View? {
        guard let state = self.lanes[lane], state.phase == .held, let view = plan.views[lane], view.generation == state.generation,
            !view.stragglers.contains(where: answer.after.isOver)
        else { return nil }
        return view
    }

    private mutating func endRead() {
        self.isReading = false
        self.settledSinceRead = []
        self.waitingSinceRead = [:]
    }

    /// - Parameter hidesFollowers: the job stands in the table as waiting, so scans pass over the later ones of its key.
    private mutating func offer(_ job: Job, hidesFollowers: Bool = false) {
        self.highestSeen = max(self.highestSeen, job.id)
        let reference = job.reference
        if self.settledSinceRead.contains(job.id) { return }
        if let waiting = self.waitingSinceRead[reference], job.id >= waiting { return }
        var entry = self.lanes[job.lane]?.keys[reference] ?? KeyState(workspace: job.workspace)
        let wasIdle = entry.running.isEmpty && entry.waiting.isEmpty
        let isNew = entry.accept(job)
        if hidesFollowers { for job in entry.truncate(after: job.id) { self.count(job, by: -1) } }
        self.update(job.lane) { $0.keys[reference] = entry }
        guard isNew else { return }
        self.count(job, by: 1)
        if wasIdle { self.ready.append(reference, of: job.workspace) }
    }

    private mutating func continueKey(_ seek: ReadPlan.Seek, with found: [ReadAnswer.Found]) {
        guard var entry = self.lanes[seek.lane]?.keys[seek.reference], entry.running.isEmpty else { return }
        let wasIdle = entry.waiting.isEmpty
        entry.gap = found.count == ReadPlan.seekLimit ? found.last.map { $0.job.id + 1 } : nil
        for next in found where !self.settledSinceRead.contains(next.job.id) {
            self.highestSeen = max(self.highestSeen, next.job.id)
            if next.state == .waiting {
                entry.gap = next.job.id
                break
            }
            if entry.accept(next.job) { self.count(next.job, by: 1) }
            if next.state == .due {
                for job in entry.truncate(after: next.job.id) { self.count(job, by: -1) }
                break
            }
        }
        // A first job that waits in the table holds back the rest there, and comes up when it is due.
        let next = entry.waiting.first
        self.update(seek.lane) { $0.keys[seek.reference] = next == nil ? nil : entry }
        if wasIdle, let next { self.ready.append(seek.reference, of: next.workspace) }
    }
}
