import Foundation

/// The leases of one queue as the database showed them at a heartbeat, and what a worker should do about them.
struct LeaseTable: Sendable {
    struct Lease: Sendable {
        let lane: Int16
        let epoch: Int64
        let owner: UUID?
        /// Until it ends, by the database's clock; negative when it has ended.
        let remaining: Duration
    }

    /// One for each lane.
    let leases: [Lease]
    /// The workers whose heartbeat is younger than a lease.
    let workers: [UUID]

    struct Plan: Hashable, Sendable {
        /// Held here, but not in the table: somebody else owns them by now.
        var lost: [Int16] = []
        /// Free or expired, and due to this worker.
        var claims: [Int16] = []
        /// How many lanes are held above the fair share.
        var surplus = 0
        /// When the first lease of another worker ends, should that worker stay silent.
        var nextExpiry: Duration?
    }

    /// The lanes due to `worker` when all live workers share evenly: the counts differ by one at most.
    func share(of worker: UUID) -> Int {
        let fleet = Set(self.workers + [worker]).sorted { $0.uuidString < $1.uuidString }
        let rank = fleet.firstIndex(of: worker) ?? 0
        return self.leases.count / fleet.count + (rank < self.leases.count % fleet.count ? 1 : 0)
    }

    /// - Parameters:
    ///   - held: the lanes `worker` works on, with the epochs it holds them by.
    ///   - leaving: further lanes it still has jobs in flight for; it may not claim those yet.
    func plan(for worker: UUID, held: [Int16: Int64], leaving: Set<Int16> = []) -> Plan {
        var plan = Plan()
        var free: [Int16] = []
        for lease in self.leases {
            if let epoch = held[lease.lane] {
                if lease.owner != worker || lease.epoch != epoch { plan.lost.append(lease.lane) }
            } else if leaving.contains(lease.lane) {
                continue
            } else if lease.owner == nil || lease.owner == worker || lease.remaining <= .zero {
                // Owned by this worker, yet not held: the answer to an earlier claim was lost.
                free.append(lease.lane)
            } else {
                plan.nextExpiry = min(plan.nextExpiry ?? lease.remaining, lease.remaining)
            }
        }
        let missing = self.share(of: worker) - (held.count - plan.lost.count)
        plan.surplus = max(0, -missing)
        // Workers that look at the same moment begin at different lanes, so that they seldom reach for the same one.
        let start = free.isEmpty ? 0 : Int(worker.uuid.15) % free.count
        plan.claims = Array((free[start...] + free[..<start]).prefix(max(0, missing)))
        return plan
    }
}
