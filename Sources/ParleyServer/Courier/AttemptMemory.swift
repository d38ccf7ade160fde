import Foundation
import Parley
import Synchronization

/// What this worker knows of its own tries although the database may not: a commit can fail right after a request was answered, or
/// right before it would have left. Without this a restart of the database would turn such tries into unknown ones.
final class AttemptMemory: Sendable {
    struct Attempt: Hashable, Sendable {
        var delivery: DeliveryID
        var number: Int
    }
    enum Known: Sendable {
        /// The mark may stand in the database, but no byte left.
        case neverLeft
        case ended(SendResult)
    }

    private struct State {
        var known: [Attempt: Known] = [:]
        var order: [Attempt] = []
    }
    private let limit: Int
    private let state = Mutex(State())

    init(limit: Int = 4_096) { self.limit = limit }

    func remember(_ known: Known, of attempt: Attempt) {
        self.state.withLock { state in
            if state.known.updateValue(known, forKey: attempt) == nil { state.order.append(attempt) }
            guard state.order.count > self.limit else { return }
            for old in state.order.prefix(self.limit / 2) { state.known[old] = nil }
            state.order.removeFirst(self.limit / 2)
        }
    }

    subscript(attempt: Attempt) -> Known? { self.state.withLock { $0.known[attempt] } }
}

/// What came of one request: the adapter's judgement, and what an operator will want to see of it.
struct SendResult: Hashable, Sendable {
    var outcome: SendOutcome
    var httpStatus: Int?
    /// What a request before the message yielded.
    var step: JSON?
    /// Fixed words: never message text, never a secret.
    var detail: String?
}
