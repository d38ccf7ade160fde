/// What became of one part.
package enum SendOutcome: Hashable, Sendable {
    /// The provider has it. `externalID`: what receipts will name it by; nil when the provider names none.
    case accepted(externalID: String?)
    /// Not taken, may be tried again. `after`: seconds the provider asked for, as given (the courier bounds it); nil when it did not say.
    case retry(reason: RetryReason, after: Double?)
    /// Not taken, and never will be.
    case refused(reason: RefusalReason, code: String?, detail: String)
    /// May or may not have been taken (the ambiguity window).
    case ambiguous(reason: String)
}

/// Why a send may be tried again. `throttled` also slows the channel; `unreachable` and `failing` count for its breaker.
package enum RetryReason: String, Hashable, Sendable, Codable { case throttled, unreachable, failing }

/// Why a send is over. `contactStopped` also marks the recipient; `credentials` also marks the channel.
package enum RefusalReason: String, Hashable, Sendable, Codable {
    case invalidRecipient = "invalid_recipient", contactStopped = "contact_stopped", credentials, content, policy, rejected
}
