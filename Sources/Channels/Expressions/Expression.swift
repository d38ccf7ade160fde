/// One jq program of an adapter file, by its place in the file's `ExpressionSet`.
struct Expression: Hashable, Sendable {
    let index: Int
    /// What it is for and where it stands: `channels/twilio/adapter.yaml:17:16 (routes.message.inbound)`. Safe to show and to log.
    let place: String
    /// Whether it may look at what was made of a request's body, and not only at its head and the bytes.
    var readsBody = true
}
