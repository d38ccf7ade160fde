/// What a provider's answer to a poll says besides its events.
package enum PollAnswer: Hashable, Sendable {
    /// Once the events are stored, the next request goes on from `cursor`; nil: from where this one did. `isMore`: there is more already.
    case read(cursor: JSON?, isMore: Bool)
    /// Nothing was brought, and the cursor stays. `reason` in fixed words; `after`: seconds the provider asked for.
    case failed(reason: String, after: Double?)
}
