package import Postgres
import Synchronization

/// What a queue's worker counts; the server puts its own names to it.
package final class QueueMetrics: Sendable {
    package struct Values: Sendable {
        package var taken = 0
        package var done = 0
        /// Failures that are tried again.
        package var retried = 0
        /// Not failures: rate limits, open breakers.
        package var postponed = 0
        package var held = 0
        package var dead = 0
        package var lanes = 0
        /// In memory and not begun.
        package var buffered = 0
        package var running = 0
        package var lanesLost = 0
        /// Transactions, and the calls to handlers they carried.
        package var commits = 0
        package var committedUnits = 0
        package var commitSeconds = Distribution()
        package var handlerSeconds = Distribution()
    }

    private let state = Mutex(Values())

    package init() {}

    package var values: Values { self.state.withLock { $0 } }

    func update(_ change: (inout Values) -> Void) { self.state.withLock { change(&$0) } }
}
