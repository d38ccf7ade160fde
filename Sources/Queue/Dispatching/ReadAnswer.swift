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
