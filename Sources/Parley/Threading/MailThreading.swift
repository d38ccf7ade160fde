/// What a mail says about where it belongs, and how far it can be believed.
package struct MailThreading: Hashable, Sendable, Codable {
    /// With angle brackets, compared exactly; nil when it had none.
    package var messageID: String?
    /// In-Reply-To first, then References from the newest to the oldest, each once, 100 at most.
    package var references: [String]
    /// Verified: a reply address, or a Message-ID, that we made for this channel.
    package var token: ReplyToken?
    /// The base subject (RFC 5256 section 2.1, and the prefixes of other languages), case folded; empty when there is none.
    package var subject: String
    /// It had a reply prefix (`Re:`, `AW:`), not a forward one.
    package var isReply: Bool
    package var authentication: MailAuthentication
    /// Nothing automatic may answer it (RFC 3834, lists, bounces).
    package var suppressesAutoReply: Bool
    package var isList: Bool
    /// RFC 3834 section 5: `no`, `auto-replied`, `auto-generated`, `auto-notified`.
    package var autoSubmitted: String

    package init(
        messageID: String? = nil,
        references: [String] = [],
        token: ReplyToken? = nil,
        subject: String = "",
        isReply: Bool = false,
        authentication: MailAuthentication = .none,
        suppressesAutoReply: Bool = false,
        isList: Bool = false,
        autoSubmitted: String = "no"
    ) {
        self.messageID = messageID
        self.references = references
        self.token = token
        self.subject = subject
        self.isReply = isReply
        self.authentication = authentication
        self.suppressesAutoReply = suppressesAutoReply
        self.isList = isList
        self.autoSubmitted = autoSubmitted
    }
}

/// What the channel's own relay says of the sender (RFC 8601); `none` when it says nothing or there is no such relay.
package enum MailAuthentication: String, Hashable, Sendable, Codable { case pass, fail, none }
