import Synchronization

/// Loops that carry one transfer at a time, lent by account so that a connection is found again.
final class LoopPool: Sendable {
    /// Whom a kept connection speaks to, and as whom.
    struct Account: Hashable, Sendable {
        var server: MailServer
        var username: String?
    }
    private struct Waiting {
        var ticket: Int
        var continuation: CheckedContinuation<TransferLoop?, Never>
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
    func lend<T>(to account: Account, _ body: (TransferLoop) async throws -> T) async throws -> T {
        let loop = try await self.take(account)
        defer { self.pass(loop, account) }
        return try await body(loop)
    }

    func run(_ transfer: Transfer, for account: Account) async throws(TransferError) -> TransferAnswer {
        let loop = try await self.take(account)
        defer { self.pass(loop, account) }
        return try await loop.run(transfer)
    }

    private enum Taken {
        case loop(TransferLoop)
        case new
        case turn(Int)
    }

    private func take(_ account: Account) async throws(TransferError) -> TransferLoop {
        let taken: Taken = self.state.withLock { state in
            if let loop = state.idle[account]?.popLast() {
                state.busy[account, default: 0] += 1
                return .loop(loop)
            }
            guard state.busy[account, default: 0] >= Self.perAccount else {
                state.busy[account, default: 0] += 1
                return .new
            }
            state.tickets += 1
            return .turn(state.tickets)
        }
        switch taken {
        case .loop(let loop): return loop
        case .new:
            do throws(TransferError) { return try TransferLoop(settings: self.settings) } catch {
                self.pass(nil, account)
                throw error
            }
        case .turn(let ticket):
            guard let loop = await self.wait(ticket, for: account) else {
                throw TransferError(.cancelled, detail: "cancelled before it began")
            }
            return loop
        }
    }

    private func wait(_ ticket: Int, for account: Account) async -> TransferLoop? {
        await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                // A loop may have come back, and a task may have been cancelled, since the turn was given.
                let (isSettled, loop): (Bool, TransferLoop?) = self.state.withLock { state in
                    if Task.isCancelled { return (true, nil) }
                    if let loop = state.idle[account]?.popLast() {
                        state.busy[account, default: 0] += 1
                        return (true, loop)
                    }
                    state.waiting[account, default: []].append(Waiting(ticket: ticket, continuation: continuation))
                    return (false, nil)
                }
                if isSettled { continuation.resume(returning: loop) }
            }
        } onCancel: {
            let waiting = self.state.withLock { state -> Waiting? in
                guard let index = state.waiting[account]?.firstIndex(where: { $0.ticket == ticket }) else { return nil }
                return state.waiting[account]?.remove(at: index)
            }
            waiting?.continuation.resume(returning: nil)
        }
    }

    /// To whoever waits for it, else to rest. Nil: there was none to be had, so one place less is taken.
    private func pass(_ loop: TransferLoop?, _ account: Account) {
        let (next, spare): (Waiting?, TransferLoop?) = self.state.withLock { state in
            if let loop, let next = state.waiting[account]?.first {
                state.waiting[account]?.removeFirst()
                if state.waiting[account]?.isEmpty == true { state.waiting[account] = nil }
                return (next, loop)
            }
            let busy = state.busy[account, default: 1] - 1
            state.busy[account] = busy > 0 ? busy : nil
            guard let loop else { return (nil, nil) }
            guard state.idleCount < Self.kept else { return (nil, loop) }
            state.idle[account, default: []].append(loop)
            return (nil, nil)
        }
        if let next { next.continuation.resume(returning: spare) } else { spare?.stop() }
    }
}
