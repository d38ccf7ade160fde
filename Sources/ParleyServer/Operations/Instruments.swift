import Synchronization

/// A number that only rises.
package final class Counter: Instrument {
    private let count = Atomic<Int>(0)
    package func add(_ amount: Int = 1) { self.count.wrappingAdd(amount, ordering: .relaxed) }
    /// For a count that is kept elsewhere.
    func advance(to count: Int) { self.count.store(count, ordering: .relaxed) }
    package var value: Int { self.count.load(ordering: .relaxed) }
    var samples: [Sample] { [Sample(value: String(self.value))] }
}

/// A number that rises and falls.
package final class Gauge: Instrument {
    private let count = Atomic<Int>(0)
    package func set(_ value: Int) { self.count.store(value, ordering: .relaxed) }
    package func add(_ amount: Int) { self.count.wrappingAdd(amount, ordering: .relaxed) }
    package var value: Int { self.count.load(ordering: .relaxed) }
    var samples: [Sample] { [Sample(value: String(self.value))] }
}

/// How often values fell into each range.
package final class Histogram: Instrument {
    /// From a millisecond to half a minute: what requests, transactions and sends take.
    package static let seconds: [Double] = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30]

    private struct State {
        var counts: [Int]
        var sum = 0.0
    }
    private let bounds: [Double]
    private let state: Mutex<State>

    init(bounds: [Double]) {
        self.bounds = bounds
        self.state = Mutex(State(counts: Array(repeating: 0, count: bounds.count + 1)))
    }

    package func record(_ value: Double) {
        let index = self.bounds.firstIndex { value <= $0 } ?? self.bounds.count
        self.state.withLock { state in
            state.counts[index] += 1
            state.sum += value
        }
    }

    package func record(_ duration: Duration) { self.record(duration / .seconds(1)) }

    var samples: [Sample] {
        let state = self.state.withLock { $0 }
        var total = 0
        var samples: [Sample] = []
        for (index, count) in state.counts.enumerated() {
            total += count
            let bound = index < self.bounds.count ? String(self.bounds[index]) : "+Inf"
            samples.append(Sample(suffix: "_bucket", labels: ["le": bound], value: String(total)))
        }
        samples.append(Sample(suffix: "_sum", value: String(state.sum)))
        samples.append(Sample(suffix: "_count", value: String(total)))
        return samples
    }
}
