package import Foundation

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
