/// One thing a provider told us, translated: what an adapter makes of a request and the threader reads.
package enum InboundEvent: Hashable, Sendable, Codable {
    case message(InboundMessage)
    case edit(InboundEdit)
    case deletion(InboundDeletion)
    case receipt(Receipt)
    case interaction(Interaction)

    /// What makes this event itself and no other within its channel: the same key again is the same event again.
    /// Nil when it may be applied any number of times (receipts merge by rank).
    package var deduplicationKey: String? {
        switch self {
        case .message(let message): message.externalID.map { "message:\($0)" }
        case .edit(let edit): "edit:\(edit.externalID):\(edit.revision)"
        case .deletion(let deletion): "deletion:\(deletion.externalID)"
        case .receipt: nil
        case .interaction(let interaction): interaction.externalID.map { "interaction:\($0)" }
        }
    }
}
