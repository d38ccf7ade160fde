/// How long loans were waited for: a histogram. Each count is of its bucket alone.
package struct WaitTimes: Sendable {
    /// Upper bounds in seconds; the last bucket has none.
    package static let bounds: [Double] = [0.001, 0.005, 0.025, 0.1, 0.5, 2.5]
    package private(set) var counts = [Int](repeating: 0, count: WaitTimes.bounds.count + 1)
    /// Seconds.
    package private(set) var sum = 0.0

    mutating func record(_ duration: Duration) {
        let seconds = Double(duration.components.seconds) + Double(duration.components.attoseconds) / 1e18
        self.sum += seconds
        self.counts[Self.bounds.firstIndex { seconds <= $0 } ?? Self.bounds.count] += 1
    }
}
