package import Postgres
import Synchronization

/// Commits whatever waits at the same moment in one transaction: one round trip and one flush for all of it, without a timer.
///
/// While a commit is under way, those who come wait; when it ends, all of them go together. So an idle system commits at once, and
/// a busy one in ever larger groups. When a group fails, each unit is tried alone: nobody fails for another's sake.
package final class GroupCommitter<Unit: Sendable>: Sendable {
    private struct Waiter {
        let unit: Unit
        let continuation: CheckedContinuation<Result<[[Row]], PostgresError>, Never>
    }
    private struct State {
        var waiters: [Waiter] = []
        var running = 0
    }

    private let pool: Pool
    private let scope: WorkspaceScope
    private let concurrent: Int
    private let largest: Int
    private let compose: @Sendable ([Unit]) -> [SQL]
    private let observe: @Sendable (_ units: Int, _ duration: Duration) -> Void
    private let state = Mutex(State())

    /// - Parameters:
    ///   - concurrent: how many groups may be under way at once.
    ///   - largest: how many units one group may have.
    ///   - compose: the statements for a group, without BEGIN and COMMIT.
    package init(
        pool: Pool,
        scope: WorkspaceScope = .all,
        concurrent: Int = 1,
        largest: Int = 256,
        observe: @escaping @Sendable (_ units: Int, _ duration: Duration) -> Void = { _, _ in },
        compose: @escaping @Sendable ([Unit]) -> [SQL]
    ) {
        self.pool = pool
        self.scope = scope
        self.concurrent = concurrent
        self.largest = largest
        self.compose = compose
        self.observe = observe
    }

    /// Returns once the unit is committed, with the rows of the whole group's statements.
    package func commit(_ unit: Unit) async throws(PostgresError) -> [[Row]] {
        let result = await withCheckedContinuation { continuation in
            let isFirst = self.state.withLock { state in
                state.waiters.append(Waiter(unit: unit, continuation: continuation))
                guard state.running < self.concurrent else { return false }
                state.running += 1
                return true
            }
            // A task of its own: a caller that is cancelled must not take the others' commit with it.
            if isFirst { Task { await self.drain() } }
        }
        return try result.get()
    }

    @concurrent private func drain() async {
        while let group = self.nextGroup() { await self.commit(group) }
    }

    private func nextGroup() -> [Waiter]? {
        self.state.withLock { state in
            let group = Array(state.waiters.prefix(self.largest))
            state.waiters.removeFirst(group.count)
            if group.isEmpty { state.running -= 1 }
            return group.isEmpty ? nil : group
        }
    }

    private func commit(_ group: [Waiter]) async {
        let start = ContinuousClock.now
        let result = await self.attempt(group.map(\.unit))
        self.observe(group.count, start.duration(to: .now))
        switch result {
        case .failure(let error) where group.count > 1 && !error.isUnavailable:
            for waiter in group { waiter.continuation.resume(returning: await self.attempt([waiter.unit])) }
        case .success, .failure:
            for waiter in group { waiter.continuation.resume(returning: result) }
        }
    }

    private func attempt(_ units: [Unit]) async -> Result<[[Row]], PostgresError> {
        do throws(PostgresError) {
            return .success(try await self.pool.pipeline(in: self.scope, self.compose(units)))
        } catch { return .failure(error) }
    }
}
