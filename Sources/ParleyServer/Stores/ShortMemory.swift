import Synchronization

/// What was loaded a moment ago, and need not be loaded again; that there was nothing is remembered, too.
///
/// Whoever hears of a change makes it forget. The short life is the net under that.
final class ShortMemory<Key: Hashable & Sendable, Value: Sendable>: Sendable {
    private struct Entry {
        var value: Value
        var loadedAt: ContinuousClock.Instant
    }
    private struct State {
        var entries: [Key: Entry] = [:]
        /// Rises with every change heard of, so that a load begun before it is not kept.
        var generation = 0
    }

    private let timeToLive: Duration
    private let capacity: Int
    private let state = Mutex(State())

    /// - Parameter capacity: when so many are remembered, all are forgotten.
    init(timeToLive: Duration, capacity: Int = 10_000) {
        self.timeToLive = timeToLive
        self.capacity = capacity
    }

    func value(
        of key: Key,
        at now: ContinuousClock.Instant = .now,
        orLoad load: () async throws -> Value
    ) async rethrows -> Value {
        let (known, generation) = self.state.withLock { ($0.entries[key], $0.generation) }
        if let known, now - known.loadedAt < self.timeToLive { return known.value }
        let value = try await load()
        self.state.withLock { state in
            guard state.generation == generation else { return }
            if state.entries.count >= self.capacity { state.entries.removeAll(keepingCapacity: true) }
            state.entries[key] = Entry(value: value, loadedAt: now)
        }
        return value
    }

    /// Forgets one, or all.
    func forget(_ key: Key?) {
        self.state.withLock { state in
            state.generation += 1
            if let key { state.entries[key] = nil } else { state.entries.removeAll(keepingCapacity: true) }
        }
    }
}
