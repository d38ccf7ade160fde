import Foundation

/// What a worker asks of the jobs table in one round trip. Every part is an index range scan with a limit.
struct ReadPlan: Sendable {
    /// How far a lane has been read when the read begins.
    struct View: Sendable {
        let generation: Int
        /// Everything visible in `seen` with an id up to here was read. So what is new is above it, or above `floor` and not in `seen`.
        let cursor: Int64
        let seen: Snapshot
        let floor: Int64
        /// Running transactions whose ids the floor leaves out. Should one be over by now, the answer misses something.
        let stragglers: [UInt64]
    }

    /// Jobs of a workspace that earlier scans of its lane passed over.
    struct CatchUp: Sendable {
        let lane: Int16
        let workspace: UUID
        let after: Int64
    }

    /// The next jobs of one key: from the given id on, or new in the lane.
    struct Seek: Sendable {
        let lane: Int16
        let key: String
        let from: Int64

        var reference: KeyRef { KeyRef(lane: self.lane, key: self.key) }
    }

    var views: [Int16: View] = [:]
    /// Lanes to be read on, where nobody has read yet.
    var scans: [Int16] = []
    /// Workspaces the scans pass over.
    var excluded: [UUID] = []
    var catchUps: [CatchUp] = []
    var seeks: [Seek] = []
    /// Lanes whose waiting jobs may be due.
    var due: [Int16] = []
    /// Jobs in memory, so that due ones among them do not take the place of others.
    var known: [Int64] = []
    /// Workspaces at their share of memory: their due jobs stay where they are.
    var full: [UUID] = []

    /// At most so many jobs for each scan, catch-up or lane with due jobs.
    var room = 0
    /// At most so many rows looked at for each scan or catch-up.
    var window = 256
    static let seekLimit = KeyState.limit

    var isEmpty: Bool { self.scans.isEmpty && self.catchUps.isEmpty && self.seeks.isEmpty && self.due.isEmpty }
}
