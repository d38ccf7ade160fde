package import Foundation
package import Parley

/// A mail about to be written: everything is decided, nothing is encoded.
package struct MailDraft: Hashable, Sendable {
    package struct Mailbox: Hashable, Sendable {
        package var name: String?
        /// `user@domain`
        package var address: String
        package init(name: String? = nil, address: String) {
            self.name = name
            self.address = address
        }
    }
    package struct File: Hashable, Sendable {
        package var file: AttachmentFile
        package var isInline: Bool
        /// Without angle brackets; what `cid:` in the HTML names.
        package var contentID: String?
        package init(file: AttachmentFile, isInline: Bool = false, contentID: String? = nil) {
            self.file = file
            self.isInline = isInline
            self.contentID = contentID
        }
    }

    package var from: Mailbox
    package var to: Mailbox
    package var replyTo: Mailbox?
    package var subject: String
    package var date: Date
    /// With angle brackets, as all ids here.
    package var messageID: String
    package var inReplyTo: String?
    /// Oldest first.
    package var references: [String]
    package var text: String
    package var html: String
    package var files: [File]
    /// Further ones, such as `Auto-Submitted`.
    package var headers: [String: String]

    package init(
        from: Mailbox,
        to: Mailbox,
        replyTo: Mailbox? = nil,
        subject: String,
        date: Date,
        messageID: String,
        inReplyTo: String? = nil,
        references: [String] = [],
        text: String,
        html: String,
        files: [File] = [],
        headers: [String: String] = [:]
    ) {
        self.from = from
        self.to = to
        self.replyTo = replyTo
        self.subject = subject
        self.date = date
        self.messageID = messageID
        self.inReplyTo = inReplyTo
        self.references = references
        self.text = text
        self.html = html
        self.files = files
        self.headers = headers
    }
}
