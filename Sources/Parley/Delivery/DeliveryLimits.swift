/// When trying ends.
package struct DeliveryLimits: Hashable, Sendable {
    /// Tries of any outcome, so that a provider that throttles for ever ends too.
    package var attempts = 1_000
    /// Resends of what may already have arrived; then a person decides.
    package var unknowns = 3
    package var retryAfter: ClosedRange<Duration> = .seconds(1) ... .seconds(3_600)
    /// The first wait of the schedule; it doubles with each failure.
    package var base: Duration = .seconds(2)

    package init() {}

    /// Full jitter between the shortest wait and a bound that doubles, so that what failed together does not come back together.
    ///
    /// - Parameter patience: how long it is tried at all; no wait is longer than a hundredth of it (a quarter of an hour of a day).
    package func wait(
        failures: Int,
        within patience: Duration = .seconds(86_400),
        using random: inout some RandomNumberGenerator
    ) -> Duration {
        let bound = min(self.base * (1 << min(max(failures, 0), 20)), patience / 96)
        let shortest = self.retryAfter.lowerBound
        return shortest + (max(bound, shortest) - shortest) * Double.random(in: 0...1, using: &random)
    }
}
