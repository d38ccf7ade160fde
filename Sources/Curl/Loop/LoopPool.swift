import Synchronization

/// Loops that carry one transfer at a time, lent by account so that a connection is found again.
final class LoopPool: Sendable {
    /// Whom a kept connection speaks to, and as whom.
    struct Account: Hashable, Sendable {
        var server: MailServer
        var username: String?
    }
    /// One of an account's places, with a loop that was kept; nil when its holder has to make one.
    private struct Place {
        var loop: TransferLoop?
    }
    private struct Waiting {
        var ticket: Int
        var continuation: CheckedContinuation<Place?, Never>
    }
    private struct State {
        var idle: [Account: [TransferLoop]] = [:]
        var busy: [Account: Int] = [:]
        var waiting: [Account: [Waiting]] = [:]
        var tickets = 0
        var idleCount: Int { self.idle.values.reduce(0) { $0 + $1.count } }
    }

    private let settings: ClientSettings
    private let state = Mutex(State())
    /// Connections to one account at a time; servers of mail turn away whoever opens many.
    private static let perAccount = 4
    /// Loops kept although nobody needs them.
    private static let kept = 32

    init(settings: ClientSettings) { self.settings = settings }

    deinit { self.state.withLock { for loop in $0.idle.values.joined() { loop.stop() } } }

    /// Lends a loop, when it is the caller's turn: what runs on it finds the connection of what ran before.
    ///
    /// `body` runs in any case, and is told when there is no loop: its own errors are then the only ones.
    func lend<T, E: Error>(
        to account: Account,
        _ body: (Result<TransferLoop, TransferError>) async throws(E) -> T
    ) async throws(E) -> T {
        let loop: TransferLoop
        do throws(TransferError) { loop = try await self.take(account) } catch { return try await body(.failure(error)) }
        defer { self.leave(account, with: loop) }
        return try await body(.success(loop))
    }

    private func take(_ account: Account) async throws(TransferError) -> TransferLoop {
        guard let place = await self.enter(account) else { throw TransferError(.cancelled, detail: "cancelled before it began") }
        if let loop = place.loop { return loop }
        do throws(TransferError) { return try TransferLoop(settings: self.settings) } catch {
            self.leave(account, with: nil)
            throw error
        }
    }

    /// Nil when the task was cancelled before its turn.
    private func enter(_ account: Account) async -> Place? {
        let ticket = self.state.withLock { state in
            state.tickets += 1
            return state.tickets
        }
        return await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                let (isSettled, place): (Bool, Place?) = self.state.withLock { state in
                    if Task.isCancelled { return (true, nil) }
                    guard state.busy[account, default: 0] < Self.perAccount else {
                        state.waiting[account, default: []].append(Waiting(ticket: ticket, continuation: continuation))
                        return (false, nil)
                    }
                    state.busy[account, default: 0] += 1
                    return (true, Place(loop: state.idle[account]?.popLast()))
                }
                if isSettled { continuation.resume(returning: place) }
            }
        } onCancel: {
            let waiting = self.state.withLock { state -> Waiting? in
                guard let index = state.waiting[account]?.firstIndex(where: { $0.ticket == ticket }) else { return nil }
                return state.waiting[account]?.remove(at: index)
            }
            waiting?.continuation.resume(returning: nil)
        }
    }

    /// The place goes to whoever waits for it, whether there is a loop in it or not; a loop that nobody waits for rests.
    private func leave(_ account: Account, with loop: TransferLoop?) {
        let (next, spare): (Waiting?, TransferLoop?) = self.state.withLock { state in
            if let next = state.waiting[account]?.first {
                state.waiting[account]?.removeFirst()
                if state.waiting[account]?.isEmpty == true { state.waiting[account] = nil }
                return (next, nil)
            }
            let busy = state.busy[account, default: 1] - 1
            state.busy[account] = busy > 0 ? busy : nil
            guard let loop else { return (nil, nil) }
            guard state.idleCount < Self.kept else { return (nil, loop) }
            state.idle[account, default: []].append(loop)
            return (nil, nil)
        }
        next?.continuation.resume(returning: Place(loop: loop))
        spare?.stop()
    }
}
