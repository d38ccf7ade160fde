import Postgres
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
    private let state: Mutex<Distribution>

    init(bounds: [Double]) { self.state = Mutex(Distribution(bounds: bounds)) }

    package func record(_ value: Double) { self.state.withLock { $0.record(value) } }
    package func record(_ duration: Duration) { self.state.withLock { $0.record(duration) } }
    /// For what is counted elsewhere, in the same ranges.
    func set(_ values: Distribution) { self.state.withLock { $0 = values } }

    var samples: [Sample] {
        let state = self.state.withLock { $0 }
        var total = 0
        var samples: [Sample] = []
        for (index, count) in state.counts.enumerated() {
            total += count
            let bound = index < state.bounds.count ? String(state.bounds[index]) : "+Inf"
            samples.append(Sample(suffix: "_bucket", labels: ["le": bound], value: String(total)))
        }
        samples.append(Sample(suffix: "_sum", value: String(state.sum)))
        samples.append(Sample(suffix: "_count", value: String(total)))
        return samples
    }
}
