import Synchronization

/// One transfer, as both sides know it. Cancelling may overtake starting, so the wish is kept here and not only sent along.
final class Ticket: Sendable {
    let transfer: Transfer
    let isCancelled = Atomic(false)
    init(transfer: Transfer) { self.transfer = transfer }
}
