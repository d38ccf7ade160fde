/// Which transactions were over at one moment, as `pg_current_snapshot()` tells it.
///
/// Source: PostgreSQL manual, "Transaction ID and Snapshot Information Functions".
struct Snapshot: Hashable, Sendable {
    /// Every transaction from here on was running or not born.
    let next: UInt64
    /// The ones below `next` that were still running, ascending.
    let open: [UInt64]

    init(next: UInt64, open: [UInt64]) {
        self.next = next
        self.open = open
    }

    /// Sees nothing at all: where a reader starts.
    static let blind = Snapshot(next: 1, open: [])

    /// Nil unless the text is `xmin:xmax:xid,xid,…`.
    init?(_ text: String) {
        let parts = text.split(separator: ":", omittingEmptySubsequences: false)
        guard parts.count == 3, UInt64(parts[0]) != nil, let next = UInt64(parts[1]) else { return nil }
        let open = parts[2].split(separator: ",").map { UInt64($0) }
        guard !open.contains(nil) else { return nil }
        self.init(next: next, open: open.compactMap(\.self))
    }

    /// The form `pg_snapshot` reads.
    var text: String {
        "\(self.open.first ?? self.next):\(self.next):\(self.open.map(String.init).joined(separator: ","))"
    }

    func isOver(_ xid: UInt64) -> Bool { xid < self.next && !self.open.contains(xid) }

    /// The same moment with `xids` counted as still running.
    func counting(open xids: [UInt64]) -> Snapshot {
        xids.isEmpty ? self : Snapshot(next: self.next, open: Set(self.open + xids).sorted())
    }
}
