/// Why a delivery is in its state, in fixed words: shown by the API, counted as a metric label.
package enum DeliveryReason: String, Hashable, Sendable, Codable, CaseIterable {
    // It will be tried again.
    case throttled, unreachable, failing
    case adapterFailed = "adapter_failed"
    case channelDisabled = "channel_disabled"
    // Nobody knows whether it arrived.
    case outcomeUnknown = "outcome_unknown"
    // It is over.
    case invalidRecipient = "invalid_recipient"
    case contactStopped = "contact_stopped"
    case credentials, content, policy, rejected
    case undelivered
    /// The last of too many tries failed, or it waited too long.
    case expired
    case cancelled
    /// Its workers went silent over it too often, or its channel was deleted while it was posted.
    case abandoned

    package init(_ reason: RetryReason) {
        switch reason {
        case .throttled: self = .throttled
        case .unreachable: self = .unreachable
        case .failing: self = .failing
        }
    }

    package init(_ reason: RefusalReason) {
        switch reason {
        case .invalidRecipient: self = .invalidRecipient
        case .contactStopped: self = .contactStopped
        case .credentials: self = .credentials
        case .content: self = .content
        case .policy: self = .policy
        case .rejected: self = .rejected
        }
    }
}
