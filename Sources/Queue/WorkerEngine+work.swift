import Foundation
import Logging
import Postgres

extension WorkerEngine {
    private enum Outcome {
        case committed
        /// A lane of it has another owner.
        case fenced
        /// It may have happened.
        case inDoubt
        case refused(PostgresError)
    }

    /// Sees `jobs` through: handled, committed, settled. However that goes, each job is settled once when this returns.
    func work(on jobs: [Job], marking marks: [Job]) async {
        let broken = jobs.filter { $0.crashes >= Dispatcher.crashLimit }
        var rest = broken.isEmpty ? jobs : jobs.filter { $0.crashes < Dispatcher.crashLimit }
        if !broken.isEmpty {
            let reason = "its worker went silent \(Dispatcher.crashLimit + 1) times while it was in flight"
            let verdicts = Dictionary(uniqueKeysWithValues: broken.map { ($0.id, Verdict.dead(reason: reason)) })
            await self.finish(broken, Handled(statements: broken.flatMap(self.worker.handler.abandon), verdicts: verdicts))
        }
        self.marked.formUnion(marks.map(\.id))
        defer { self.marked.subtract(marks.map(\.id)) }
        if !marks.isEmpty, !rest.isEmpty {
            switch await self.commit([], of: rest, changes: rest.filter { job in marks.contains { $0.id == job.id } }.map { ($0, .mark) }) {
            case .committed: break
            case .fenced: rest = await self.stillHeld(rest)
            case .inDoubt, .refused: return self.doubt(rest)
            }
        }
        await self.handle(rest)
    }

    /// - Returns: whether all of them are gone, so that what follows in their keys may begin.
    @discardableResult
    private func handle(_ jobs: [Job]) async -> Bool {
        guard !jobs.isEmpty else { return false }
        let context = JobContext(
            worker: self.worker.id,
            epochs: self.epochs(of: jobs),
            isStopping: { self.isAskedToStop },
            commit: { statements throws(PostgresError) in try await self.commit(statements, within: jobs) }
        )
        let start = self.clock.now
        do {
            let handled = try await Self.call(self.worker.handler, jobs, context)
            let duration = start.duration(to: self.clock.now)
            self.worker.metrics.update { $0.handlerSeconds.record(duration) }
            guard handled.keepsOrder(of: jobs) else { return await self.handleEach(jobs) }
            return await self.finish(jobs, handled)
        } catch let error as PostgresError where error.code == .laneLost {
            return await self.handle(self.stillHeld(jobs))
        } catch let error as PostgresError where error.isUnavailable || error.isCommitUnknown {
            self.report(error, "the database went away under a handler")
            self.doubt(jobs)
            return false
        } catch  where self.isCutOff {
            // It failed because it was cancelled, which says nothing of its jobs.
            self.doubt(jobs)
            return false
        } catch  where jobs.count > 1 {
            return await self.handleEach(jobs)
        } catch {
            self.report(error, "a handler failed")
            let reason = (error as? PostgresError).map { "database error \($0.code.rawValue)" } ?? "\(type(of: error))"
            return await self.finish(jobs, Handled(verdicts: [jobs[0].id: .retry(after: nil, reason: reason)]))
        }
    }

    /// One by one, in order; what is behind a job that is not gone stays in the table with it.
    private func handleEach(_ jobs: [Job]) async -> Bool {
        var stopped: Set<KeyRef> = []
        for job in jobs where !stopped.contains(job.reference) {
            if await !self.handle([job]) { stopped.insert(job.reference) }
        }
        return stopped.isEmpty
    }

    /// Off this actor, so that a handler that computes holds up nobody.
    @concurrent private static func call(_ handler: any JobHandler, _ jobs: [Job], _ context: JobContext) async throws -> Handled {
        try await handler.handle(jobs, in: context)
    }

    /// Commits what a handler decided, and tells the dispatcher.
    ///
    /// - Returns: whether all of them are gone.
    @discardableResult
    private func finish(_ jobs: [Job], _ handled: Handled, isLastResort: Bool = false) async -> Bool {
        guard !self.isEnded else {
            self.doubt(jobs)
            return false
        }
        var random = SystemRandomNumberGenerator()
        let policy = self.worker.retryPolicy
        let changes: [(job: Job, change: Completion.Change)] = jobs.map { job in
            let verdict = handled.verdicts[job.id] ?? .retry(after: nil, reason: "the handler gave no verdict")
            return (job, Completion.Change(policy.resolve(verdict, for: job, using: &random)))
        }
        switch await self.commit(handled.statements, of: jobs, changes: changes) {
        case .committed:
            for (job, change) in changes { self.settle(job, change) }
            self.pump()
            return changes.allSatisfy(\.change.isFinal)
        case .fenced:
            return await self.handle(self.stillHeld(jobs))
        case .inDoubt:
            self.doubt(jobs)
            return false
        case .refused where jobs.count > 1:
            return await self.handleEach(jobs)
        case .refused(let error) where !isLastResort:
            // What the handler wants written cannot be written; that is a failed try like any other.
            self.report(error, "a handler's statements were refused")
            let reason = "database error \(error.code.rawValue)"
            return await self.finish(jobs, Handled(verdicts: [jobs[0].id: .retry(after: nil, reason: reason)]), isLastResort: true)
        case .refused(let error):
            self.report(error, "a completion was refused")
            self.doubt(jobs)
            return false
        }
    }

    private func settle(_ job: Job, _ change: Completion.Change) {
        switch change {
        case .finish, .bury: self.dispatcher.settle(job, as: .gone)
        case .hold: self.dispatcher.settle(job, as: .waiting)
        case .wait(let wait, _):
            self.dispatcher.settle(job, as: .waiting)
            self.expectDue(in: wait)
        case .mark: break
        }
        self.worker.metrics.update { values in
            switch change {
            case .finish: values.done += 1
            case .bury: values.dead += 1
            case .hold: values.held += 1
            case .wait(_, let reason): if reason == nil { values.postponed += 1 } else { values.retried += 1 }
            case .mark: break
            }
        }
    }

    // MARK: Committing

    private func epochs(of jobs: [Job]) -> [Int16: Int64] {
        // A lane with jobs in flight keeps its epoch, even when it is lost: the fence must then say so.
        jobs.reduce(into: [:]) { $0[$1.lane] = self.dispatcher.lanes[$1.lane]?.epoch ?? -1 }
    }

    private func commit(_ statements: [SQL], of jobs: [Job], changes: [(job: Job, change: Completion.Change)]) async -> Outcome {
        let seen = self.dispatcher.highestSeen
        let unit = Completion(epochs: self.epochs(of: jobs), statements: statements, changes: changes)
        do throws(PostgresError) {
            let xid = try Completion.xid(in: try await self.committer.commit(unit))
            self.dispatcher.horizon.record(xid: xid, after: seen)
            return .committed
        } catch {
            if error.code == .laneLost { return .fenced }
            return error.isUnavailable || error.isCommitUnknown ? .inDoubt : .refused(error)
        }
    }

    /// A handler's commit before its work is done.
    private func commit(_ statements: [SQL], within jobs: [Job]) async throws(PostgresError) {
        _ = try await self.committer.commit(Completion(epochs: self.epochs(of: jobs), statements: statements))
    }

    /// Finds out which lanes are lost and drops them; returns the jobs of the others.
    private func stillHeld(_ jobs: [Job]) async -> [Job] {
        guard let mine = try? await self.leases.owned() else {
            self.doubt(jobs)
            return []
        }
        self.lose(self.dispatcher.held.filter { mine[$0.key] != $0.value }.map(\.key))
        var kept: [Job] = []
        for job in jobs {
            if self.dispatcher.held[job.lane] != nil { kept.append(job) } else { self.dispatcher.settle(job, as: .unknown) }
        }
        return kept
    }

    /// Whether the jobs are done is for the database to say: their lanes are renewed and read anew.
    private func doubt(_ jobs: [Job]) {
        for job in jobs {
            if self.marked.contains(job.id) { self.forgiven.append(job) }
            self.dispatcher.retire(job.lane, as: .doubtful)
            self.dispatcher.settle(job, as: .unknown)
        }
        self.leaseAlarm.ring()
    }
}

extension Completion.Change {
    /// - Parameter verdict: resolved, so a retry says how long it waits.
    init(_ verdict: Verdict) {
        self =
            switch verdict {
            case .done: .finish
            case .retry(let wait, let reason): .wait(wait ?? .zero, reason: reason)
            case .later(let wait): .wait(wait, reason: nil)
            case .hold(let reason): .hold(reason: reason)
            case .dead(let reason): .bury(reason: reason)
            }
    }
}
