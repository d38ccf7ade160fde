import Foundation
import Parley

/// What one request for what is new brought.
struct Pickup: Sendable {
    /// One thing to be read by the adapter, and where to go on once what it says is stored.
    struct Batch: Sendable {
        var request: HookRequest
        /// Nil: where it was.
        var cursor: JSON?
        /// What cannot be read of it is kept for an operator and passed: it holds nothing else that could get lost.
        var isOneThing = false
        /// Why it was not even fetched; the adapter is not asked then.
        var unfetched: String?
    }
    /// Oldest first.
    var batches: [Batch]
    /// Asking again at once would bring more.
    var isMore: Bool
}

/// Nothing was brought, and the cursor stays.
struct PickupFailure: Error, Hashable, Sendable {
    /// Fixed words: shown, and logged.
    var reason: String
    /// Seconds the provider asked for; nil when it did not say.
    var after: Double?
}

/// Asks a provider over whatever it speaks.
///
/// - Parameter cursor: where the last pick-up ended; nil for the beginning.
/// - Throws: `PickupFailure`; `CancellationError` when the process stops: a pick-up is simply made again.
protocol PickupTransport: Sendable {
    func pickUp(_ poll: Poll, after cursor: JSON?, through adapter: any Adapter, for channel: ChannelContext) async throws -> Pickup
}
