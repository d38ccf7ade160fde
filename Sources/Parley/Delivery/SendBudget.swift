package import Foundation

/// A token bucket of one token, kept as the moment the next request may leave (GCRA).
///
/// Source: ITU-T I.371, generic cell rate algorithm, virtual scheduling.
package struct SendBudget: Hashable, Sendable {
    package var nextAt: Date

    package init(nextAt: Date) { self.nextAt = nextAt }

    /// How long until a request may leave; zero for now.
    package func wait(at now: Date) -> TimeInterval { max(0, self.nextAt.timeIntervalSince(now)) }

    /// One request leaves at `moment`, which is no earlier than `nextAt`; the next follows no sooner than `gap` seconds later.
    package mutating func spend(at moment: Date, gap: TimeInterval) {
        self.nextAt = max(self.nextAt, moment).addingTimeInterval(gap)
    }

    /// Nothing leaves before `moment`: the provider asked for silence.
    package mutating func pause(until moment: Date) { self.nextAt = max(self.nextAt, moment) }
}
