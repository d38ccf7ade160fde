import Foundation

/// What the owner of a lane remembers of it: how far it has read, and the keys it has jobs of.
struct LaneState: Sendable {
    enum Phase: Hashable, Sendable {
        case held
        /// To be handed back once nothing is in flight.
        case draining
        /// A commit may or may not have happened; the lane is taken anew, under a new epoch, once nothing is in flight.
        case doubtful
        /// Another worker owns it. Kept only until the jobs in flight have come back, to discard them.
        case lost
    }

    /// Whether a waiting job may be due.
    enum Due: Comparable, Sendable {
        case no
        /// Some are, but their workspaces have their share in memory.
        case whenThereIsRoom
        case likely
    }

    let epoch: Int64
    /// Changes when the lane starts over; a read that began before it has nothing to say any more.
    var generation: Int
    var phase = Phase.held
    /// The hand-over or renewal of an idle lane is under way.
    var isLeaving = false

    /// Everything visible in `seen` with an id up to here has been read.
    var cursor: Int64 = 0
    var seen = Snapshot.blind
    var mayHaveMore = true
    var due = Due.likely
    /// Workspaces that had more than their share in memory: read on for everyone else, these go on from the given id when there is room.
    var behind: [UUID: Int64] = [:]

    var keys: [KeyRef: KeyState] = [:]
    var running = 0
    /// Jobs still to be marked before they run, because the owner before this one went silent with some of them in flight.
    var suspects = 0

    init(epoch: Int64, generation: Int, suspects: Int = 0) {
        self.epoch = epoch
        self.generation = generation
        self.suspects = suspects
    }
}
