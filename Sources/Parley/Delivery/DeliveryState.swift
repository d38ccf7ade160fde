/// How far one delivery got.
///
/// A state never goes back: it only changes to one of the same or a higher rank. So whatever order receipts arrive in, and however often,
/// the last state is the same. Where they contradict each other, the higher rank is believed: a message that failed, by any of them, failed.
package enum DeliveryState: String, Hashable, Sendable, Codable, CaseIterable {
    /// Waiting for its first try.
    case queued
    /// A try has begun, or failed and will be repeated.
    case sending
    /// The provider may or may not have it.
    case unknown
    /// Waiting for a person's release.
    case held
    /// The provider has it.
    case accepted
    case sent, delivered, read
    case cancelled, failed

    /// `sending`, `unknown` and `held` share one: all three mean "in our hands, begun".
    package var rank: Int {
        switch self {
        case .queued: 0
        case .sending, .unknown, .held: 1
        case .accepted: 2
        case .sent: 3
        case .delivered: 4
        case .read: 5
        case .cancelled: 6
        case .failed: 7
        }
    }

    /// Nothing is left for us to do; only receipts may still tell more.
    package var isOver: Bool { self.rank >= DeliveryState.accepted.rank }
    package var isEnd: Bool { self.rank >= DeliveryState.cancelled.rank }
    /// The names of those in which something is left for us to do.
    package static let underWay = Self.allCases.filter { !$0.isOver }.map(\.rawValue)
    /// The names of those in which the provider has it.
    package static let handedOver = Self.allCases.filter { $0.isOver && !$0.isEnd }.map(\.rawValue)
    /// The names of those that wait for a person.
    package static let stuck = [Self.unknown, .held].map(\.rawValue)

    /// This state after a provider reported another one.
    package func merging(_ reported: DeliveryState) -> DeliveryState { reported.rank > self.rank ? reported : self }

    /// The state of a message from those of its parts: one that ended ends all, else the slowest counts.
    ///
    /// - Parameter parts: not empty.
    package init(of parts: [DeliveryState]) {
        let slowest = parts.min { $0.rank < $1.rank } ?? .queued
        let furthest = parts.max { $0.rank < $1.rank } ?? .queued
        self = furthest.isEnd ? furthest : slowest
    }
}

extension DeliveryState {
    package init(_ status: ReceiptStatus) {
        switch status {
        case .accepted: self = .accepted
        case .sent: self = .sent
        case .delivered: self = .delivered
        case .read: self = .read
        case .failed: self = .failed
        case .cancelled: self = .cancelled
        }
    }
}
