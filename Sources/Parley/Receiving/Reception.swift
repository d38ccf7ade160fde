/// What an adapter made of a request.
package enum Reception: Hashable, Sendable {
    /// Not from the provider, or not now: 401 with `code` (`bad_signature`, `stale_timestamp`), nothing stored.
    case refused(code: String, detail: String)
    /// No such route or method here: 404 or 405.
    case notFound
    case methodNotAllowed([String])
    /// More than one request may carry (B72): 413.
    case tooLarge
    /// A handshake or a fixed answer: nothing to store.
    case answered(HookAnswer)
    /// Store these, commit, then answer: one event at least. `files`: the bytes of what the events' media name by
    /// attachment id; they are stored in the same commit.
    case accepted([InboundEvent], HookAnswer, files: [AttachmentFile] = [])
    /// Understood, and nothing comes of it.
    case ignored(IgnoredReason, HookAnswer)
    /// Authentic but unreadable (B70): keep the bytes, answer 200, let an operator look.
    case quarantined(reason: String, HookAnswer)
}
