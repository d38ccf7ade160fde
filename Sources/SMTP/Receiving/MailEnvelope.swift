/// Who sends a mail to whom, as the SMTP session said it; the header inside may say something else.
package struct MailEnvelope: Hashable, Sendable {
    /// The reverse-path without angle brackets; empty for reports (RFC 5321 section 4.5.5).
    package var sender: String
    /// In the order they were accepted.
    package var recipients: [MailRecipient]
    package var client: SMTPPeer
    /// How many bytes of the message, at its beginning, are the `Received:` header that we put there: a mail that is sent
    /// again is the same but for these.
    package var traceLength: Int

    package init(sender: String, recipients: [MailRecipient], client: SMTPPeer, traceLength: Int = 0) {
        self.sender = sender
        self.recipients = recipients
        self.client = client
        self.traceLength = traceLength
    }
}
