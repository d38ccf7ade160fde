import Foundation
import Postgres
import Synchronization

/// The process's counters, gauges and histograms, as Prometheus reads them.
///
/// Labels come from closed sets (a route's pattern, an adapter's name): never an id, an address or text.
/// The same name and labels give the same instrument, so that every place may ask for its own.
///
/// Source: Prometheus, "Exposition formats", text format 0.0.4.
package final class Metrics: Sendable {
    package typealias Labels = [String: String]

    private struct Family {
        var kind: String
        var help: String
        var series: [Labels: any Instrument] = [:]
    }
    private let families = Mutex<[String: Family]>([:])

    package init() {}

    package func counter(_ name: String, _ help: String, _ labels: Labels = [:]) -> Counter {
        self.instrument(name, "counter", help, labels) { Counter() }
    }

    package func gauge(_ name: String, _ help: String, _ labels: Labels = [:]) -> Gauge {
        self.instrument(name, "gauge", help, labels) { Gauge() }
    }

    /// - Parameter bounds: upper bounds of the buckets, rising; `+Inf` is added.
    package func histogram(
        _ name: String,
        _ help: String,
        _ labels: Labels = [:],
        bounds: [Double] = Distribution.seconds
    ) -> Histogram {
        self.instrument(name, "histogram", help, labels) { Histogram(bounds: bounds) }
    }

    private func instrument<T: Instrument>(_ name: String, _ kind: String, _ help: String, _ labels: Labels, _ make: () -> T) -> T {
        self.families.withLock { families in
            if let known = families[name]?.series[labels] {
                guard let known = known as? T else { preconditionFailure("metric \(name) is used as two kinds") }
                return known
            }
            let made = make()
            families[name, default: Family(kind: kind, help: help)].series[labels] = made
            return made
        }
    }

    package var text: String {
        var lines: [String] = []
        for (name, family) in self.families.withLock({ $0 }).sorted(by: { $0.key < $1.key }) {
            lines.append("# HELP \(name) \(family.help)")
            lines.append("# TYPE \(name) \(family.kind)")
            for (labels, instrument) in family.series.sorted(by: { Self.text($0.key) < Self.text($1.key) }) {
                for sample in instrument.samples {
                    let all = labels.merging(sample.labels) { _, new in new }
                    lines.append("\(name)\(sample.suffix)\(Self.text(all)) \(sample.value)")
                }
            }
        }
        return lines.joined(separator: "\n") + "\n"
    }

    private static func text(_ labels: Labels) -> String {
        guard !labels.isEmpty else { return "" }
        let pairs = labels.sorted { $0.key < $1.key }.map { name, value in
            let escaped = value.replacing("\\", with: "\\\\").replacing("\"", with: "\\\"").replacing("\n", with: "\\n")
            return "\(name)=\"\(escaped)\""
        }
        return "{\(pairs.joined(separator: ","))}"
    }
}

/// One line of the text format, without the family's name and labels.
struct Sample {
    var suffix = ""
    var labels: Metrics.Labels = [:]
    var value: String
}

protocol Instrument: Sendable { var samples: [Sample] { get } }
