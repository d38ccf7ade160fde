package import Postgres
import Synchronization

/// Tells the feeds of all processes that there may be new events: at once, then at most once in a while.
///
/// Apart from the commits it speaks of: a NOTIFY in each of them would make them take turns (`Bell`).
package final class EventBell: Sendable {
    private enum State { case silent, resting, owed }
    private let pool: Pool
    private let rest: Duration
    private let state = Mutex(State.silent)

    package init(pool: Pool, rest: Duration = .milliseconds(20)) {
        self.pool = pool
        self.rest = rest
    }

    /// After a commit that may have brought events; any number of times.
    package func ring() {
        let isFirst = self.state.withLock { state in
            defer { state = state == .silent ? .resting : .owed }
            return state == .silent
        }
        if isFirst { Task { await self.tell() } }
    }

    private func tell() async {
        repeat {
            await self.pool.notify([EventFeed.notice])
            try? await Task.sleep(for: self.rest)
        } while self.isOwed()
    }

    private func isOwed() -> Bool {
        self.state.withLock { state in
            let isOwed = state == .owed
            state = isOwed ? .resting : .silent
            return isOwed
        }
    }
}
