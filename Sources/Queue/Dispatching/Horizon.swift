/// Knows below which id no job can appear any more, although ids do not become visible in their own order.
///
/// A job's transaction takes its number before it takes an id. So once this worker has seen id `c` and *afterwards* a commit of its own
/// got the number `x`, every transaction numbered above `x` holds only ids above `c`. Such pairs are the checkpoints: they turn "these
/// transactions were still running when I looked" into "read again from this id on". The mark of a lane therefore never steps over
/// the id of an open transaction, and one transaction that stays open for an hour holds back nothing but its own ids.
struct Horizon: Sendable {
    /// How many ids may lie between a running transaction's first possible id and the cursor before it counts as a straggler.
    var patience: Int64 = 10_000
    private static let checkpointLimit = 64

    private var checkpoints: [(xid: UInt64, id: Int64)] = []
    /// What the latest read saw.
    private(set) var latest = Snapshot.blind

    /// - Parameters:
    ///   - xid: the number of a transaction that began after
    ///   - id: was seen.
    mutating func record(xid: UInt64, after id: Int64) {
        if let last = self.checkpoints.last, xid <= last.xid || id <= last.id { return }
        self.checkpoints.append((xid, id))
        guard self.checkpoints.count > Self.checkpointLimit else { return }
        // Any of them may go, the answers only get more careful: the older, the thinner.
        let older = self.checkpoints.prefix(Self.checkpointLimit / 2).enumerated().filter { $0.offset.isMultiple(of: 2) }.map(\.element)
        self.checkpoints = older + self.checkpoints.dropFirst(Self.checkpointLimit / 2)
    }

    mutating func observe(_ snapshot: Snapshot) {
        if snapshot.next >= self.latest.next { self.latest = snapshot }
    }

    /// No id at or below this one belongs to transaction `xid` or a later one.
    func floor(of xid: UInt64) -> Int64 {
        self.checkpoints.last { $0.xid < xid }?.id ?? 0
    }

    /// Where a reader must start that has seen everything up to `cursor` as of `seen`.
    ///
    /// `stragglers` are transactions that run so long that reading again from their first possible id each time would cost too
    /// much. They are taken to be still running; the reader must count them so, and look again once they are over.
    func resume(from seen: Snapshot, cursor: Int64) -> (floor: Int64, stragglers: [UInt64]) {
        var floor = min(cursor, self.floor(of: seen.next))
        var stragglers: [UInt64] = []
        for xid in seen.open {
            let first = self.floor(of: xid)
            if !self.latest.isOver(xid), cursor - first > self.patience {
                stragglers.append(xid)
            } else {
                floor = min(floor, first)
            }
        }
        return (floor, stragglers)
    }
}
