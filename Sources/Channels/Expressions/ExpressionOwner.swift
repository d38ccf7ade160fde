/// Who is degraded when an expression runs over its budget: the channel, and with too many threads lost, the adapter.
struct ExpressionOwner: Hashable, Sendable {
    var adapter: String
    var channel: String
    /// What anybody may cause by requests to a hook keeps the channel from receiving, not from sending.
    var isReceiving = false
}
