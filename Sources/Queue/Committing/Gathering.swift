import Synchronization

/// Joins calls that wait at the same moment into one piece of work: one round trip and one flush for all of it, without a timer.
///
/// While a group is under way, those who come wait; when it ends, all of them go together. So an idle system works at once, and a busy
/// one in ever larger groups.
package final class Gathering<Input: Sendable, Output: Sendable, Failure: Error>: Sendable {
    private struct Waiter {
        let input: Input
        let continuation: CheckedContinuation<Result<Output, Failure>, Never>
    }
    private struct State {
        var waiters: [Waiter] = []
        var running = 0
    }

    private let concurrent: Int
    private let largest: Int
    private let goesAlone: @Sendable (Failure) -> Bool
    private let work: @Sendable ([Input]) async throws(Failure) -> [Output]
    private let state = Mutex(State())

    /// - Parameters:
    ///   - concurrent: how many groups may be under way at once.
    ///   - largest: how many calls one group may have.
    ///   - goesAlone: whether a group that failed so is tried call by call, so that nobody fails for another's sake.
    ///   - work: answers a group, one output for each input, in order.
    package init(
        concurrent: Int = 1,
        largest: Int,
        goesAlone: @escaping @Sendable (Failure) -> Bool = { _ in false },
        work: @escaping @Sendable ([Input]) async throws(Failure) -> [Output]
    ) {
        self.concurrent = concurrent
        self.largest = largest
        self.goesAlone = goesAlone
        self.work = work
    }

    package func callAsFunction(_ input: Input) async throws(Failure) -> Output {
        let result = await withCheckedContinuation { continuation in
            let isFirst = self.state.withLock { state in
                state.waiters.append(Waiter(input: input, continuation: continuation))
                guard state.running < self.concurrent else { return false }
                state.running += 1
                return true
            }
            // A task of its own: a caller that is cancelled must not take the others' work with it.
            if isFirst { Task { await self.drain() } }
        }
        return try result.get()
    }

    @concurrent private func drain() async {
        while let group = self.nextGroup() { await self.answer(group) }
    }

    private func nextGroup() -> [Waiter]? {
        self.state.withLock { state in
            let group = Array(state.waiters.prefix(self.largest))
            state.waiters.removeFirst(group.count)
            if group.isEmpty { state.running -= 1 }
            return group.isEmpty ? nil : group
        }
    }

    private func answer(_ group: [Waiter]) async {
        do throws(Failure) {
            let outputs = try await self.work(group.map(\.input))
            precondition(outputs.count == group.count, "one output for each input")
            for (waiter, output) in zip(group, outputs) { waiter.continuation.resume(returning: .success(output)) }
        } catch {
            guard group.count > 1, self.goesAlone(error) else {
                for waiter in group { waiter.continuation.resume(returning: .failure(error)) }
                return
            }
            for waiter in group { await self.answer([waiter]) }
        }
    }
}
