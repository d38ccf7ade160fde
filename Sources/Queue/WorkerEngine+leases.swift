import Foundation
import Logging
import Postgres

extension WorkerEngine {
    /// Keeps, takes and hands back lanes, one round after the other, until the worker has stopped and holds none.
    func keepLeases() async {
        if (try? await self.leases.announce()) == nil { self.worker.logger.notice("the database is not there yet") }
        while true {
            let wait = await self.leaseRound()
            if self.isStopping, self.dispatcher.lanes.isEmpty || (self.isOutOfTime && self.isCutOff) { return await self.leave() }
            if self.isOutOfTime { self.cutOff() }
            await self.leaseAlarm.sleep(atMost: min(wait, self.timeLeft))
        }
    }

    /// - Returns: how long to wait for the next round when nothing else happens.
    private func leaseRound() async -> Duration {
        let asked = self.clock.now
        var wait = self.worker.pace.heartbeat
        self.leasesFailed = false
        do throws(PostgresError) {
            let held = self.dispatcher.held
            let table = try await self.leases.beat(held: held.keys.sorted(), isLeaving: self.isStopping)
            self.trustedUntil = asked + self.worker.pace.lease
            let plan = table.plan(
                for: self.worker.id,
                held: self.dispatcher.held,
                leaving: Set(self.dispatcher.lanes.keys).subtracting(self.dispatcher.held.keys)
            )
            self.lose(plan.lost)
            self.dispatcher.retire(surplus: plan.surplus)
            if !self.isStopping, !plan.claims.isEmpty {
                // Another worker reached for some of them at the same moment: what it leaves must not stay ownerless for a heartbeat.
                let missed = try await self.take(plan.claims) < plan.claims.count
                if missed { wait = .milliseconds(Int.random(in: 20...200)) }
            }
            // A silent worker's lanes are taken the moment their lease ends.
            if let expiry = plan.nextExpiry { wait = min(wait, expiry + .milliseconds(20)) }
        } catch {
            self.report(error, "could not renew the leases")
            self.leasesFailed = true
        }
        if !self.leasesFailed {
            await self.handBackIdle()
            await self.renewDoubtful()
        }
        if self.leasesFailed { wait = min(wait, .milliseconds(Int.random(in: 250...1_000))) }
        self.pump()
        return wait
    }

    /// - Returns: how many of the lanes are ours now.
    private func take(_ lanes: [Int16]) async throws(PostgresError) -> Int {
        let claims = try await self.leases.claim(lanes)
        for claim in claims where self.dispatcher.lanes[claim.lane] == nil {
            self.dispatcher.adopt(claim.lane, epoch: claim.epoch, takenOver: claim.takenOver)
        }
        let takenOver = claims.count { $0.takenOver }
        self.worker.logger.info(
            "took lanes",
            metadata: ["queue": "\(self.worker.queue.rawValue)", "count": "\(claims.count)", "after.silence": "\(takenOver)"]
        )
        return claims.count
    }

    /// Drops lanes another worker owns; what is in flight for them is discarded when it comes back.
    func lose(_ lanes: [Int16]) {
        guard !lanes.isEmpty else { return }
        for lane in lanes { self.dispatcher.retire(lane, as: .lost) }
        self.worker.metrics.update { $0.lanesLost += lanes.count }
        self.worker.logger.warning(
            "lost lanes to another worker",
            metadata: ["queue": "\(self.worker.queue.rawValue)", "count": "\(lanes.count)"]
        )
    }

    private func handBackIdle() async {
        _ = self.dispatcher.takeIdle(.lost)
        let idle = self.dispatcher.takeIdle(.draining)
        guard !idle.isEmpty else { return }
        do throws(PostgresError) {
            try await self.leases.handBack(idle)
            for lane in idle.keys { self.dispatcher.remove(lane) }
        } catch {
            self.report(error, "could not hand lanes back")
            self.leasesFailed = true
            for lane in idle.keys { self.dispatcher.stay(lane) }
        }
    }

    private func renewDoubtful() async {
        let doubtful = self.dispatcher.takeIdle(.doubtful)
        guard !doubtful.isEmpty else { return }
        do throws(PostgresError) {
            let forgiven = self.forgiven.filter { doubtful[$0.lane] != nil }
            let renewed = try await self.leases.renew(doubtful, forgiving: forgiven)
            self.forgiven.removeAll { doubtful[$0.lane] != nil }
            for lane in doubtful.keys {
                self.dispatcher.remove(lane)
                if let epoch = renewed[lane] { self.dispatcher.adopt(lane, epoch: epoch) }
            }
        } catch {
            self.report(error, "could not renew lanes after a commit in doubt")
            self.leasesFailed = true
            for lane in doubtful.keys { self.dispatcher.stay(lane) }
        }
    }

    /// The last act: what is still in flight is cut off by the fence, and its lanes go to whoever comes first.
    private func leave() async {
        let inFlight = self.dispatcher.lanes.values.reduce(0) { $0 + $1.running }
        do throws(PostgresError) {
            try await self.leases.leave(self.dispatcher.held)
        } catch { self.report(error, "could not hand lanes back; they are free when their lease ends") }
        self.worker.logger.info(
            "stopped",
            metadata: ["queue": "\(self.worker.queue.rawValue)", "jobs.cut.off": "\(inFlight)"]
        )
    }
}
