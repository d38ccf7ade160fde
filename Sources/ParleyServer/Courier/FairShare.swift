import Parley

/// What a worker has of one thing, shared among channels.
///
/// A channel may take as much as it leaves free for all others: one that never gives anything back gets half, two a third each, and somebody
/// new always finds some.
///
/// Source: Choudhury, Hahne, "Dynamic queue length thresholds for shared-memory packet switches", 1998.
struct FairShare: Hashable, Sendable {
    private var free: Int
    private var taken: [ChannelID: Int] = [:]

    init(capacity: Int) { self.free = capacity }

    /// False, and nothing taken, when there is not so much for the channel now.
    mutating func take(_ amount: Int, for channel: ChannelID) -> Bool {
        let own = self.taken[channel, default: 0]
        guard own <= self.free - amount else { return false }
        self.free -= amount
        self.taken[channel] = own + amount
        return true
    }

    mutating func giveBack(_ amount: Int, of channel: ChannelID) {
        let own = self.taken[channel, default: 0] - amount
        self.free += amount
        self.taken[channel] = own == 0 ? nil : own
    }
}
