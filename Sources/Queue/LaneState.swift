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

    var keys: [String: KeyState] = [:]
    var running = 0
    /// Jobs still to be marked before they run, because the owner before this one went silent with some of them in flight.
    var suspects = 0

    init(epoch: Int64, generation: Int, suspects: Int = 0) {
        self.epoch = epoch
        self.generation = generation
        self.suspects = suspects
    }
}

/// The jobs of one key: some in flight in one call, a few more in memory, the rest in the table.
struct KeyState: Sendable {
    /// In memory per key; a busier key reads its next ones from the table.
    static let limit = 16

    let workspace: UUID
    /// In order, all in one call: later ones begin when these have ended.
    var running: [Int64] = []
    /// In order, behind `running`.
    var waiting: [Job] = []
    /// From this id on there may be jobs in the table that are not in `waiting`.
    var gap: Int64?

    /// Whether the job is new here; it goes to its place by id, or beyond the gap.
    mutating func accept(_ job: Job) -> Bool {
        if self.running.contains(job.id) || self.waiting.contains(where: { $0.id == job.id }) { return false }
        if let gap = self.gap, job.id >= gap { return false }
        guard self.waiting.count < Self.limit else {
            self.gap = job.id
            return false
        }
        let place = self.waiting.firstIndex { $0.id > job.id } ?? self.waiting.endIndex
        self.waiting.insert(job, at: place)
        return true
    }

    /// Leaves everything behind `id` to a later seek; returns the jobs that were in memory.
    ///
    /// For a job that stands in the table as waiting: scans pass over the later ones of its key, those that commit late included.
    mutating func truncate(after id: Int64) -> [Job] {
        let later = self.waiting.filter { $0.id > id }
        self.waiting.removeAll { $0.id > id }
        self.gap = min(self.gap ?? .max, id + 1)
        return later
    }
}
