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

/// What an adapter made of a message: the requests, and what had to be given up to fit the channel.
package struct Rendering: Hashable, Sendable {
    package var parts: [ProviderRequest]
    /// `buttons_as_text`, `media_as_links`; empty when the channel shows the message as it is.
    package var degradations: [String]
    package init(parts: [ProviderRequest], degradations: [String] = []) {
        self.parts = parts
        self.degradations = degradations
    }
}

/// What hands one part of a message over.
package enum ProviderRequest: Hashable, Sendable {
    case http(HTTPCall)
    case mail(MailRequest)
    /// Nothing leaves: the reader fetches it from us. Accepted as soon as it is on record.
    case kept
    /// Comes before the message, such as the upload of a file: repeating it does no harm, so what became of it is never in doubt.
    /// `number`: which of its file's steps, 0 for the first.
    case step(HTTPCall, number: Int)
    /// Cannot be said yet: it needs what the steps before it will have yielded.
    case later
}

/// One mail to one recipient, to be handed to a mail server. Holds secrets: never logged.
package struct MailRequest: Hashable, Sendable {
    /// `smtp://host:587`, `smtps://host`
    package var url: String
    package var username: String?
    package var password: String?
    /// The envelope's reverse-path, without angle brackets; empty for none.
    package var sender: String
    package var recipient: String
    /// Header and body, each line ended by CR LF, not dot-stuffed.
    package var message: [UInt8]
    /// What receipts and reports will name it by.
    package var messageID: String
    package init(
        url: String,
        username: String? = nil,
        password: String? = nil,
        sender: String,
        recipient: String,
        message: [UInt8],
        messageID: String
    ) {
        self.url = url
        self.username = username
        self.password = password
        self.sender = sender
        self.recipient = recipient
        self.message = message
        self.messageID = messageID
    }
}

/// One HTTP request to a provider. Holds secrets in headers: never logged.
package struct HTTPCall: Hashable, Sendable {
    package var method: String
    package var url: String
    /// Names in lower case.
    package var headers: [String: String]
    package var body: [UInt8]
    package init(method: String, url: String, headers: [String: String], body: [UInt8]) {
        self.method = method
        self.url = url
        self.headers = headers
        self.body = body
    }
}

/// What a provider answered to a whole request: at most 1 MB of it.
package struct ProviderAnswer: Hashable, Sendable {
    /// Of HTTP, or the reply code of SMTP, whose text is the body then.
    package var status: Int
    /// Names in lower case.
    package var headers: [String: String]
    package var body: [UInt8]
    /// When it came: what a date in Retry-After is counted from.
    package var at: Date
    package init(status: Int, headers: [String: String], body: [UInt8], at: Date = Date()) {
        self.status = status
        self.headers = headers
        self.body = body
        self.at = at
    }
}

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
