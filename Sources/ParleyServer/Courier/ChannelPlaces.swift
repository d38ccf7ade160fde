import Parley
import Synchronization

/// Shares this worker's places among channels, so that a provider that hangs cannot take them all.
///
/// A channel has sixteen requests under way at most, more while its provider answers one after another well, so that a provider that
/// fails is noticed before it gets twenty in vain. Further jobs wait for their turn, first in first out, as many as are the channel's share.
final class ChannelPlaces: Sendable {
    private struct State {
        var share: FairShare
        var channels: [ChannelID: Line] = [:]
        var tickets = 0
    }
    private struct Line {
        var inFlight = 0
        /// Requests that went well since the last that failed.
        var streak = 0
        var waiting: [(ticket: Int, continuation: CheckedContinuation<Bool, Never>)] = []

        var window: Int { min(16 + self.streak / 8, 64) }
    }

    private let state: Mutex<State>

    /// - Parameter capacity: how many jobs the worker runs side by side.
    init(capacity: Int) { self.state = Mutex(State(share: FairShare(capacity: capacity))) }

    /// How a request of the channel ended.
    func note(_ health: Breaker.Report?, of channel: ChannelID) {
        self.state.withLock { state in
            switch health {
            case .success: state.channels[channel]?.streak += 1
            case .failure: state.channels[channel]?.streak = 0
            case nil: break
            }
        }
    }

    /// Runs `body` in one of the channel's places; nil when there is none now, or the task was cancelled while it waited.
    func occupy<T: Sendable>(_ channel: ChannelID, _ body: () async throws -> T) async rethrows -> T? {
        guard await self.enter(channel) else { return nil }
        defer { self.leave(channel) }
        return try await body()
    }

    private func enter(_ channel: ChannelID) async -> Bool {
        let ticket = self.state.withLock { state in
            state.tickets += 1
            return state.tickets
        }
        return await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                let answer: Bool? = self.state.withLock { state in
                    guard !Task.isCancelled, state.share.take(1, for: channel) else { return false }
                    var line = state.channels[channel] ?? Line()
                    defer { state.channels[channel] = line }
                    guard line.inFlight < line.window else {
                        line.waiting.append((ticket, continuation))
                        return nil
                    }
                    line.inFlight += 1
                    return true
                }
                if let answer { continuation.resume(returning: answer) }
            }
        } onCancel: {
            let waiter = self.state.withLock { state -> CheckedContinuation<Bool, Never>? in
                guard let place = state.channels[channel]?.waiting.firstIndex(where: { $0.ticket == ticket }) else { return nil }
                state.share.giveBack(1, of: channel)
                return state.channels[channel]?.waiting.remove(at: place).continuation
            }
            waiter?.resume(returning: false)
        }
    }

    private func leave(_ channel: ChannelID) {
        let next = self.state.withLock { state -> [CheckedContinuation<Bool, Never>] in
            guard var line = state.channels[channel] else { return [] }
            state.share.giveBack(1, of: channel)
            line.inFlight -= 1
            let admitted = line.waiting.prefix(max(0, line.window - line.inFlight)).map(\.continuation)
            line.waiting.removeFirst(admitted.count)
            line.inFlight += admitted.count
            state.channels[channel] = line.inFlight == 0 ? nil : line
            return admitted
        }
        for waiter in next { waiter.resume(returning: true) }
    }
}
