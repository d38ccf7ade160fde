import Synchronization

/// What a queue's worker counts; the server puts its own names to it.
package final class QueueMetrics: Sendable {
    package struct Values: Sendable {
        package var taken = 0
        package var done = 0
        /// Failures that are tried again.
        package var retried = 0
        /// Not failures: rate limits, open breakers.
        package var postponed = 0
        package var held = 0
        package var dead = 0
        package var lanes = 0
        /// In memory and not begun.
        package var buffered = 0
        package var running = 0
        package var lanesLost = 0
        /// Transactions, and the calls to handlers they carried.
        package var commits = 0
        package var committedUnits = 0
        package var commitSeconds = Histogram()
        package var handlerSeconds = Histogram()
    }

    private let state = Mutex(Values())

    package init() {}

    package var values: Values { self.state.withLock { $0 } }

    func update(_ change: (inout Values) -> Void) { self.state.withLock { change(&$0) } }
}

/// Durations by upper bound, as Prometheus wants them.
package struct Histogram: Sendable {
    /// Seconds; the last bucket has no bound.
    package static let bounds: [Double] = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 10, 30]
    /// How many fell into each bucket, not cumulated.
    package private(set) var counts = [Int](repeating: 0, count: Histogram.bounds.count + 1)
    package private(set) var sum = 0.0

    mutating func record(_ duration: Duration) {
        let seconds = duration / .seconds(1)
        self.counts[Self.bounds.firstIndex { seconds <= $0 } ?? Self.bounds.count] += 1
        self.sum += seconds
    }
}
