import Synchronization

/// A nap that can be cut short. A ring while nobody sleeps cuts the next nap short.
final class Alarm: Sendable {
    private struct State {
        var isRung = false
        var sleeper: CheckedContinuation<Void, Never>?
    }
    private let state = Mutex(State())

    func ring() {
        let sleeper = self.state.withLock { state in
            defer { state.sleeper = nil }
            if state.sleeper == nil { state.isRung = true }
            return state.sleeper
        }
        sleeper?.resume()
    }

    func sleep(atMost duration: Duration) async {
        let timer = Task {
            try? await Task.sleep(for: duration)
            if !Task.isCancelled { self.ring() }
        }
        await withCheckedContinuation { continuation in
            let isAwake = self.state.withLock { state in
                guard !state.isRung else {
                    state.isRung = false
                    return true
                }
                state.sleeper = continuation
                return false
            }
            if isAwake { continuation.resume() }
        }
        timer.cancel()
    }
}
