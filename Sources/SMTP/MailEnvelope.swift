/// Who sends a mail to whom, as the SMTP session said it; the header inside may say something else.
package struct MailEnvelope: Hashable, Sendable {
    /// The reverse-path without angle brackets; empty for reports (RFC 5321 section 4.5.5).
    package var sender: String
    /// In the order they were accepted.
    package var recipients: [String]
    package init(sender: String, recipients: [String]) {
        self.sender = sender
        self.recipients = recipients
    }
}
