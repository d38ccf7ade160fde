internal import Foundation
package import Parley

/// How a mail came: what the protocol said of it, beside what it says of itself.
package struct MailTrace: Hashable, Sendable {
    /// The reverse-path; empty for reports (RFC 5321 section 4.5.5), nil when nobody told.
    package var sender: String?
    /// The channel's own addresses among the recipients; empty when nobody told.
    package var recipients: [MailAddress]
    /// Bytes at the beginning that our own server wrote.
    package var length: Int

    package init(sender: String? = nil, recipients: [MailAddress] = [], length: Int = 0) {
        self.sender = sender
        self.recipients = recipients
        self.length = length
    }

    /// - Parameter request: as the mail server or the pick-up made it.
    init(_ request: HookRequest) {
        self.init(
            sender: request.headers["mail-from"],
            recipients: MailboxList(Array((request.headers["rcpt-to"] ?? "").utf8)).mailboxes.map(\.address),
            length: request.traceLength
        )
    }
}
