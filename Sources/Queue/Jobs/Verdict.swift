/// What becomes of a job after its handler saw it.
package enum Verdict: Sendable, Hashable {
    case done
    /// A failure; tried again after the given time, or after a backoff with full jitter. Ends in `dead` when the budget is used up.
    case retry(after: Duration?, reason: String)
    /// Refused for good: a dead letter with every failure and the payload.
    case dead(reason: String)
    /// Waits, with its key, until an operator or a policy releases it.
    case hold(reason: String)
    /// Not a failure, only not now: a rate limit, an open breaker. Uses up no budget.
    case later(Duration)

    /// Whether the job is gone with it, and so holds up nothing of its key.
    var isFinal: Bool {
        switch self {
        case .done, .dead: true
        case .retry, .hold, .later: false
        }
    }
}
