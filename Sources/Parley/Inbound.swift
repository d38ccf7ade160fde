package import Foundation

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

/// A message a person (or a system) wrote to us.
package struct InboundMessage: Hashable, Sendable, Codable {
    /// The provider's id, unique in the channel; nil when the provider has none.
    package var externalID: String?
    package var from: Address
    package var fromName: String?
    /// Our side, as the provider wrote it.
    package var to: String?
    package var text: String
    package var media: [Media]
    /// What the provider itself calls the thread (`C0GENERAL1:1772441995.000101`); nil where the sender's address is the thread.
    package var thread: String?
    /// Where an answer goes when it is not the sender's address (a Slack channel); nil when it is.
    package var replyTo: String?
    /// The provider's id of the message this one answers.
    package var inReplyTo: String?
    package var sentAt: Date?
    package var optOut: OptOut?
    /// Made by a machine (an auto-reply, a bot): stored, never answered by a machine.
    package var isAutomatic: Bool
    package var subject: String?
    /// Sanitised: safe to show as it is.
    package var html: String?
    /// All of it as received, quotes and signature included, where `text` is only what is new.
    package var fullText: String?
    /// Where a mail says it belongs; nil for what is no mail.
    package var mail: MailThreading?

    package init(
        externalID: String?,
        from: Address,
        fromName: String? = nil,
        to: String? = nil,
        text: String,
        media: [Media] = [],
        thread: String? = nil,
        replyTo: String? = nil,
        inReplyTo: String? = nil,
        sentAt: Date? = nil,
        optOut: OptOut? = nil,
        isAutomatic: Bool = false,
        subject: String? = nil,
        html: String? = nil,
        fullText: String? = nil,
        mail: MailThreading? = nil
    ) {
        self.externalID = externalID
        self.from = from
        self.fromName = fromName
        self.to = to
        self.text = text
        self.media = media
        self.thread = thread
        self.replyTo = replyTo
        self.inReplyTo = inReplyTo
        self.sentAt = sentAt
        self.optOut = optOut
        self.isAutomatic = isAutomatic
        self.subject = subject
        self.html = html
        self.fullText = fullText
        self.mail = mail
    }
}

/// What a keyword such as STOP asked for, as the provider or the adapter read it.
package enum OptOut: String, Hashable, Sendable, Codable { case stop, start, help }

/// The author changed a message.
package struct InboundEdit: Hashable, Sendable, Codable {
    /// The id of the message that changed.
    package var externalID: String
    /// Tells one edit of a message from the next (a timestamp, an event id).
    package var revision: String
    package var text: String
    /// When it was made, as the provider says: edits may overtake one another (I8). Nil when untold.
    package var at: Date?
    /// The thread and the author of the message, as its own event named them, so that the edit queues up behind it; nil when untold.
    package var thread: String?
    package var from: Address?
    package init(externalID: String, revision: String, text: String, at: Date? = nil, thread: String? = nil, from: Address? = nil) {
        self.externalID = externalID
        self.revision = revision
        self.text = text
        self.at = at
        self.thread = thread
        self.from = from
    }
}

/// The author took a message back.
package struct InboundDeletion: Hashable, Sendable, Codable {
    package var externalID: String
    /// As in `InboundEdit`.
    package var thread: String?
    package var from: Address?
    package init(externalID: String, thread: String? = nil, from: Address? = nil) {
        self.externalID = externalID
        self.thread = thread
        self.from = from
    }
}

/// What a provider reports of a message we sent.
package struct Receipt: Hashable, Sendable, Codable {
    /// The provider's id, as its answer to the send gave it.
    package var externalID: String
    package var status: ReceiptStatus
    /// The provider's error code, as text.
    package var code: String?
    package var detail: String?
    package init(externalID: String, status: ReceiptStatus, code: String? = nil, detail: String? = nil) {
        self.externalID = externalID
        self.status = status
        self.code = code
        self.detail = detail
    }
}

/// How far a provider says a message got.
package enum ReceiptStatus: String, Hashable, Sendable, Codable, CaseIterable { case accepted, sent, delivered, read, failed, cancelled }

/// A tap, a command: something a person did that is no message.
package struct Interaction: Hashable, Sendable, Codable {
    package var externalID: String?
    /// `block_actions`, `command`.
    package var type: String
    package var from: Address
    /// `action_id`, `value`, `command`, `text`, as the adapter names them.
    package var fields: [String: String]
    package init(externalID: String?, type: String, from: Address, fields: [String: String]) {
        self.externalID = externalID
        self.type = type
        self.from = from
        self.fields = fields
    }
}
