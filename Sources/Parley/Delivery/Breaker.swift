package import Foundation

/// Keeps a fleet from hammering a provider that fails: closed, open for a while, half-open for one probe at a time.
package struct Breaker: Hashable, Sendable {
    package enum Report: Hashable, Sendable { case success, failure }

    package enum Admission: Hashable, Sendable {
        case go
        /// One request to find out whether the provider is back.
        case probe
        /// Not now; ask again after this.
        case wait(Duration)
    }

    /// In a row.
    package var failures: Int
    package var openUntil: Date?

    package init(failures: Int = 0, openUntil: Date? = nil) {
        self.failures = failures
        self.openUntil = openUntil
    }

    /// The failure with this number opens it.
    package static let threshold = 5
    /// Longer than any request may take, so that two probes are never under way together.
    package static let probeTime: Duration = .seconds(45)
    private static let longest = 60.0

    package func admission(at now: Date) -> Admission {
        guard let openUntil = self.openUntil else { return .go }
        let left = openUntil.timeIntervalSince(now)
        return left > 0 ? .wait(.milliseconds(Int64((left * 1_000).rounded(.up)))) : .probe
    }

    /// The probe is under way: nobody else passes until it came back, or its worker must be dead.
    package mutating func beginProbe(at now: Date) {
        self.openUntil = now.addingTimeInterval(TimeInterval(Self.probeTime.components.seconds))
    }

    package mutating func record(_ report: Report, at now: Date) {
        switch report {
        case .success: self = Breaker()
        case .failure:
            self.failures += 1
            guard self.failures >= Self.threshold else { return }
            // 1, 2, 4, … seconds, a minute at most: a provider that recovers is found soon.
            let seconds = min(pow(2, Double(min(self.failures - Self.threshold, 10))), Self.longest)
            self.openUntil = now.addingTimeInterval(seconds)
        }
    }
}
