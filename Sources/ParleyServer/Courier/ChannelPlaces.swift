import Parley
import Synchronization

/// Shares this worker's places among channels, so that a provider that hangs cannot take them all.
///
/// A channel has at most `inFlight` requests under way; a few more jobs wait for their turn, first in first out. It may take as many
/// places as it leaves free for all others: one slow channel takes half, two a third each, and somebody new always finds one.
///
/// Source: Choudhury, Hahne, "Dynamic queue length thresholds for shared-memory packet switches", 1998.
final class ChannelPlaces: Sendable {
    private struct State {
        var total = 0
        var channels: [ChannelID: Line] = [:]
        var tickets = 0
    }
    private struct Line {
        var taken = 0
        var inFlight = 0
        var waiting: [(ticket: Int, continuation: CheckedContinuation<Bool, Never>)] = []
    }

    private let capacity: Int
    private let inFlight: Int
    private let state = Mutex(State())

    /// - Parameter capacity: how many jobs the worker runs side by side.
    init(capacity: Int, inFlight: Int = 16) {
        self.capacity = capacity
        self.inFlight = inFlight
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
                    var line = state.channels[channel] ?? Line()
                    guard line.taken <= self.capacity - state.total - 1, !Task.isCancelled else { return false }
                    state.total += 1
                    line.taken += 1
                    defer { state.channels[channel] = line }
                    guard line.inFlight < self.inFlight else {
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
                state.total -= 1
                state.channels[channel]?.taken -= 1
                return state.channels[channel]?.waiting.remove(at: place).continuation
            }
            waiter?.resume(returning: false)
        }
    }

    private func leave(_ channel: ChannelID) {
        let next = self.state.withLock { state -> CheckedContinuation<Bool, Never>? in
            guard var line = state.channels[channel] else { return nil }
            state.total -= 1
            line.taken -= 1
            line.inFlight -= 1
            defer { state.channels[channel] = line.taken == 0 ? nil : line }
            guard !line.waiting.isEmpty else { return nil }
            line.inFlight += 1
            return line.waiting.removeFirst().continuation
        }
        next?.resume(returning: true)
    }
}
