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

/// What came back, part for part in the order of the plan.
struct ReadAnswer: Sendable {
    /// The outcome of one scan or catch-up, in the order of the plan.
    struct Part: Sendable {
        var jobs: [Job] = []
        /// The last id looked at; nil when there was none.
        var through: Int64?
        /// Whether a limit ended it, so that there may be more.
        var isCut = false
    }

    /// A job found by its key.
    struct Found: Sendable {
        enum State: Hashable, Sendable {
            /// Was never put off.
            case fresh
            /// Was put off, and its time has come. Until it is gone, scans pass over the later jobs of its key.
            case due
            /// Is put off.
            case waiting
        }

        let job: Job
        let state: State
    }

    /// What was over before the first part was read, and after the last.
    var before: Snapshot
    var after: Snapshot
    var scans: [Part] = []
    var catchUps: [Part] = []
    var seeks: [[Found]] = []
    var due: [[Job]] = []
    /// Until the next waiting job of these lanes is due; nil when none is.
    var nextDue: Duration?
}
