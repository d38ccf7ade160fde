/// What finds a conversation again within its channel: the provider's thread, or the person's address where that is the thread.
///
/// Shape: `thread:C0GENERAL1:1772441995.000101` or `sms:+15005550123`. `thread` is no address space, so the two never meet.
package struct ThreadKey: Hashable, Sendable {
    @Exact package private(set) var rawValue: String
    package init(rawValue: String) { self.rawValue = rawValue }

    package init(thread: String) { self.rawValue = "thread:\(thread)" }
    package init(address: Address) { self.rawValue = "\(address.space.rawValue):\(address.value)" }

    /// A conversation that we begin: by mail it is always one of its own, elsewhere the person is the thread.
    package init(beginning conversation: ConversationID, with address: Address) {
        self = address.space == .email ? ThreadKey(rawValue: "mail:begun:\(conversation)") : ThreadKey(address: address)
    }

    /// Slack-like channels name the thread; elsewhere (SMS, a Slack DM) the person is the thread.
    package init(thread: String?, address: Address) {
        self = thread.map(ThreadKey.init(thread:)) ?? ThreadKey(address: address)
    }
}

extension InboundEvent {
    /// The conversation this event belongs to, as far as the event itself tells; nil for one that names only a message's id.
    package var threadKey: ThreadKey? {
        switch self {
        case .message(let message):
            // No name of a mail leads to its conversation by itself: the planner looks for one, and this is what a new one is found by.
            message.mail == nil
                ? ThreadKey(thread: message.thread, address: message.from)
                : ThreadKey(rawValue: "mail:\(message.externalID ?? "")")
        case .edit(let edit): edit.thread.map(ThreadKey.init(thread:)) ?? edit.from.map(ThreadKey.init(address:))
        case .deletion(let deletion): deletion.thread.map(ThreadKey.init(thread:)) ?? deletion.from.map(ThreadKey.init(address:))
        case .interaction(let interaction): ThreadKey(address: interaction.from)
        case .receipt: nil
        }
    }

    /// The provider's id of the message this event brings or speaks of.
    package var subject: String? {
        switch self {
        case .message(let message): message.externalID
        case .edit(let edit): edit.externalID
        case .deletion(let deletion): deletion.externalID
        case .receipt(let receipt): receipt.externalID
        case .interaction: nil
        }
    }

    /// Tells one change of a message from the next, so that the same one counts once; nil for what changes none.
    package var revision: String? {
        switch self {
        case .edit(let edit): "edit:\(edit.revision)"
        case .deletion: "deletion"
        case .message, .receipt, .interaction: nil
        }
    }

    /// What must be worked in order within a channel: a conversation, or, where that is untold, the message spoken of.
    package var orderingKey: String {
        // Any mail may be the missing link between any two others of its channel.
        if case .message(let message) = self, message.mail != nil { return "mail" }
        return self.threadKey?.rawValue ?? "message:\(self.subject ?? "")"
    }
}
