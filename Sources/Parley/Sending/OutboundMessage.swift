package import Foundation

/// One message on its way to one recipient over one channel, as an adapter needs it.
package struct OutboundMessage: Hashable, Sendable {
    package var id: MessageID
    package var delivery: DeliveryID
    /// The recipient's address; for Slack-like the place to post to (`C0GENERAL1`).
    package var to: String
    /// The provider's thread, as the inbound messages of the conversation named it; nil to start one.
    package var thread: String?
    package var inReplyTo: String?
    package var body: Body
    package var conversation: ConversationID?
    /// The conversation's; the body's own goes before it.
    package var subject: String?
    /// Message-IDs of the mails before it, oldest first; `inReplyTo` is the one it answers.
    package var references: [String]
    /// The bytes of the body's stored files, for adapters that want them.
    package var files: [AttachmentFile]
    /// What the steps that were done before the message yielded, in order (`ProviderRequest.step`).
    package var steps: [JSON]
    package var createdAt: Date?
    /// A machine wrote it: the channel says so where it can (Auto-Submitted).
    package var isAutomatic: Bool
    package init(
        id: MessageID,
        delivery: DeliveryID,
        to: String,
        thread: String? = nil,
        inReplyTo: String? = nil,
        body: Body,
        conversation: ConversationID? = nil,
        subject: String? = nil,
        references: [String] = [],
        files: [AttachmentFile] = [],
        steps: [JSON] = [],
        createdAt: Date? = nil,
        isAutomatic: Bool = false
    ) {
        self.id = id
        self.delivery = delivery
        self.to = to
        self.thread = thread
        self.inReplyTo = inReplyTo
        self.body = body
        self.conversation = conversation
        self.subject = subject
        self.references = references
        self.files = files
        self.steps = steps
        self.createdAt = createdAt
        self.isAutomatic = isAutomatic
    }
}
