import CLibpq
import Foundation
import Synchronization

/// Asks the server to stop what one session runs.
///
/// `PQcancel` makes a connection of its own and blocks meanwhile, so it runs on a thread made for it. The lock keeps the session from
/// its next pipeline until then: a late request must not hit the wrong statement.
///
/// Source: PostgreSQL manual, libpq, "Canceling Queries in Progress".
final class Canceller: Sendable {
    private struct State: ~Copyable {
        nonisolated(unsafe) var handle: OpaquePointer?
        var run = 0
        var isRunning = false
    }
    private let state = Mutex(State())

    func open(_ link: Link) {
        let handle = link.cancelHandle()
        self.state.withLock { $0.handle = handle }
    }

    /// - Returns: the number of the run that begins, to cancel it by.
    func begin() -> Int {
        self.state.withLock { state in
            state.run += 1
            state.isRunning = true
            return state.run
        }
    }

    func end() { self.state.withLock { $0.isRunning = false } }

    /// Does nothing once the run is over. Safe from any thread.
    func cancel(_ run: Int) {
        Thread.detachNewThread {
            self.state.withLock { state in
                guard state.isRunning, state.run == run, let handle = state.handle else { return }
                Self.ask(handle)
            }
        }
    }

    /// For a session that was given up: the server may still work for nobody. The session itself may be gone before the server is asked.
    func abandon() {
        let handle = self.state.withLock { state in
            defer { state.handle = nil }
            return state.handle
        }
        guard let handle else { return }
        // Nobody else has it any more.
        nonisolated(unsafe) let taken = handle
        Thread.detachNewThread {
            Self.ask(taken)
            PQfreeCancel(taken)
        }
    }

    private static func ask(_ handle: OpaquePointer) {
        var message = [CChar](repeating: 0, count: 256)
        PQcancel(handle, &message, Int32(message.count))
    }

    func close() {
        self.state.withLock { state in
            if let handle = state.handle { PQfreeCancel(handle) }
            state.handle = nil
        }
    }
}
