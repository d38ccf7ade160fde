/// Decides up to which id the feed may be read.
///
/// `events.xid` stands before `events.id`, so a transaction has its number before it takes an id. A look reads the highest id and then takes
/// a transaction number for itself: every id up to that one belongs to a lower number, and once no lower number runs, all of them are
/// committed or never will be. The snapshot's own `xmax` would not do: it counts from what has completed, not from what has begun.
struct FeedHorizon: Sendable {
    /// One look at the database.
    struct Look: Hashable, Sendable {
        /// The highest id taken so far.
        var last: Int64
        /// A transaction number above those of everybody who took an id up to `last`; nil when `last` was known to be settled.
        var bound: Int64?
        /// The oldest transaction that runs now, later than both.
        var xmin: Int64
    }

    private var candidate: (last: Int64, bound: Int64)?
    private(set) var settled: Int64?

    /// Ids were taken that are not settled: look again soon.
    var isWaiting: Bool { self.candidate != nil }

    /// - Returns: the highest id that is settled; nil as long as none is known to be.
    mutating func look(_ look: Look) -> Int64? {
        if let candidate, look.xmin >= candidate.bound {
            self.settled = max(self.settled ?? 0, candidate.last)
            self.candidate = nil
        }
        if let bound = look.bound {
            if look.xmin >= bound {
                self.settled = max(self.settled ?? 0, look.last)
                self.candidate = nil
            } else if self.candidate == nil, look.last > self.settled ?? -1 {
                self.candidate = (look.last, bound)
            }
        }
        return self.settled
    }
}
