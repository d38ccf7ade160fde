import Logging
import Synchronization

/// The event streams one listener has open, so that they can be counted and ended.
///
/// A stopping process ends them itself: they would outlive every patience otherwise.
final class OpenStreams: Sendable {
    private struct State {
        var stops: [Int: @Sendable () -> Void] = [:]
        var next = 0
        var isClosed = false
    }
    private let state = Mutex(State())
    private let limit: Int
    private let gauge: Gauge
    /// How often a silent stream says that it lives.
    let heartbeat: Duration
    let logger: Logger

    /// The listener's, for whatever answers one of its requests.
    @TaskLocal static var current: OpenStreams?

    init(limit: Int, heartbeat: Duration, metrics: Metrics, logger: Logger) {
        self.limit = limit
        self.heartbeat = heartbeat
        self.logger = logger
        self.gauge = metrics.gauge("parley_http_streams", "Event streams that are open.")
    }

    var hasRoom: Bool { self.state.withLock { $0.stops.count < self.limit && !$0.isClosed } }

    /// - Parameter stop: called once, when the listener ends its streams; at once when it has.
    func add(_ stop: @escaping @Sendable () -> Void) -> Int? {
        let number: Int? = self.state.withLock { state in
            guard !state.isClosed else { return nil }
            state.next += 1
            state.stops[state.next] = stop
            self.gauge.set(state.stops.count)
            return state.next
        }
        if number == nil { stop() }
        return number
    }

    func remove(_ number: Int?) {
        guard let number else { return }
        self.state.withLock { state in
            state.stops[number] = nil
            self.gauge.set(state.stops.count)
        }
    }

    /// Ends all streams, and whatever would be one later.
    func close() {
        let stops = self.state.withLock { state in
            state.isClosed = true
            return Array(state.stops.values)
        }
        for stop in stops { stop() }
    }
}
