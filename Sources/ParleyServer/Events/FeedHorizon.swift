/// Decides up to which id the feed may be read.
///
/// `events.xid` stands before `events.id`, so a transaction has its number before it takes an id. Hence every id that was taken before a
/// snapshot belongs to a transaction below that snapshot's `xmax`, and once the oldest running transaction is not below that any more, all
/// of those ids are committed or never will be.
struct FeedHorizon: Sendable {
    /// One look at the database. `last` is read first, the snapshot after it.
    struct Look: Hashable, Sendable {
        /// The highest id taken so far.
        var last: Int64
        /// The oldest transaction that still runs.
        var xmin: Int64
        /// The next transaction's number.
        var xmax: Int64
    }

    private var candidate: Look?
    private var settled: Int64?

    /// Ids were taken that are not settled: look again soon.
    var isWaiting: Bool { self.candidate != nil }

    /// - Returns: the highest id that is settled; nil as long as none is known to be.
    mutating func look(_ look: Look) -> Int64? {
        if let candidate, look.xmin >= candidate.xmax {
            self.settled = max(self.settled ?? 0, candidate.last)
            self.candidate = nil
        }
        if look.xmin >= look.xmax {  // nothing runs
            self.settled = max(self.settled ?? 0, look.last)
            self.candidate = nil
        } else if self.candidate == nil, look.last > self.settled ?? -1 {
            self.candidate = look
        }
        return self.settled
    }
}
