/// How long a failed job waits, and how often it may fail.
package struct RetryPolicy: Sendable, Hashable {
    /// The failure with this number makes the job a dead letter.
    package var budget: Int
    /// The bound of the first wait; it doubles with each failure.
    package var base: Duration
    /// No wait is longer, whatever the handler or a provider's Retry-After asks for.
    package var longest: Duration

    package init(budget: Int = 12, base: Duration = .seconds(1), longest: Duration = .seconds(3_600)) {
        self.budget = budget
        self.base = base
        self.longest = longest
    }

    /// The wait after failure number `failures` (1 for the first): anything up to a bound that doubles, so that jobs which failed
    /// together do not come back together.
    ///
    /// Source: AWS Architecture Blog, "Exponential Backoff And Jitter" (full jitter).
    package func backoff(failures: Int, using random: inout some RandomNumberGenerator) -> Duration {
        let doublings = min(max(failures - 1, 0), 30)
        let bound = min(self.base * (1 << doublings), self.longest)
        return bound * Double.random(in: 0...1, using: &random)
    }

    /// A wait somebody asked for, within bounds.
    package func bounded(_ wait: Duration) -> Duration { min(max(wait, .zero), self.longest) }

    /// What really becomes of `job`: a `retry` gets its wait, or turns into `dead` when the budget is used up.
    func resolve(_ verdict: Verdict, for job: Job, using random: inout some RandomNumberGenerator) -> Verdict {
        switch verdict {
        case .retry(_, let reason) where job.attempt >= self.budget: .dead(reason: reason)
        case .retry(let wait?, let reason): .retry(after: self.bounded(wait), reason: reason)
        case .retry(nil, let reason): .retry(after: self.backoff(failures: job.attempt, using: &random), reason: reason)
        case .later(let wait): .later(self.bounded(wait))
        case .done, .dead, .hold: verdict
        }
    }
}
