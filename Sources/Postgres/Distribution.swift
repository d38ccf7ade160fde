/// How often values fell into each range: what a histogram is made of.
package struct Distribution: Sendable {
    /// From a millisecond to half a minute: what requests, transactions and sends take.
    package static let seconds: [Double] = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30]

    /// Upper bounds, rising; the last range has none.
    package let bounds: [Double]
    /// Each count is of its range alone.
    package private(set) var counts: [Int]
    package private(set) var sum = 0.0

    package init(bounds: [Double] = Self.seconds) {
        self.bounds = bounds
        self.counts = Array(repeating: 0, count: bounds.count + 1)
    }

    package mutating func record(_ value: Double) {
        self.counts[self.bounds.firstIndex { value <= $0 } ?? self.bounds.count] += 1
        self.sum += value
    }

    package mutating func record(_ duration: Duration) { self.record(duration / .seconds(1)) }
}
