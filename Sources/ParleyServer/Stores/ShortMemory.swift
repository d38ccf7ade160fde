import Synchronization

/// What was loaded a moment ago, and need not be loaded again.
///
/// Whoever hears of a change makes it forget. The short life is the net under that.
final class ShortMemory<Key: Hashable & Sendable, Value: Sendable>: Sendable {
    private struct Entry {
        var value: Value
        var loadedAt: ContinuousClock.Instant
        var generation: Int
    }
    private struct State {
        var entries: [Key: Entry] = [:]
        /// Rises with every change heard of, so that a load begun before it is not kept.
        var generation = 0
        /// What was loaded before this generation is not believed.
        var oldest = 0
    }

    private let timeToLive: Duration
    private let capacity: Int
    private let isKept: @Sendable (Value) -> Bool
    private let state = Mutex(State())

    /// - Parameters:
    ///   - capacity: when so many are remembered, all are forgotten.
    ///   - isKept: what is worth remembering; where anybody can ask for anything, that there was nothing is not.
    init(timeToLive: Duration, capacity: Int = 10_000, isKept: @escaping @Sendable (Value) -> Bool = { _ in true }) {
        self.timeToLive = timeToLive
        self.capacity = capacity
        self.isKept = isKept
    }

    func value(
        of key: Key,
        at now: ContinuousClock.Instant = .now,
        orLoad load: () async throws -> Value
    ) async rethrows -> Value {
        let (known, oldest, generation) = self.state.withLock { ($0.entries[key], $0.oldest, $0.generation) }
        if let known, known.generation >= oldest, now - known.loadedAt < self.timeToLive { return known.value }
        let value = try await load()
        self.state.withLock { state in
            guard state.generation == generation else { return }
            guard self.isKept(value) else {
                state.entries[key] = nil
                return
            }
            if state.entries.count >= self.capacity { state.entries.removeAll(keepingCapacity: true) }
            state.entries[key] = Entry(value: value, loadedAt: now, generation: generation)
        }
        return value
    }

    /// What was loaded last, though it may be over since; nil where nothing is remembered.
    func last(of key: Key) -> Value? { self.state.withLock { $0.entries[key]?.value } }

    /// Believes nothing more of what is remembered of one, or of all.
    func forget(_ key: Key?) {
        self.state.withLock { state in
            state.generation += 1
            if let key { state.entries[key] = nil } else { state.oldest = state.generation }
        }
    }
}
