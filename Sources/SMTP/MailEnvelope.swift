/// Who sends a mail to whom, as the SMTP session said it; the header inside may say something else.
package struct MailEnvelope: Hashable, Sendable {
    /// The reverse-path without angle brackets; empty for reports (RFC 5321 section 4.5.5).
    package var sender: String
    /// In the order they were accepted.
    package var recipients: [MailRecipient]
    package var client: MailClient
    /// How many bytes of the message, at its beginning, are the `Received:` header that we put there: a mail that is sent
    /// again is the same but for these.
    package var traceLength: Int

    package init(sender: String, recipients: [MailRecipient], client: MailClient, traceLength: Int = 0) {
        self.sender = sender
        self.recipients = recipients
        self.client = client
        self.traceLength = traceLength
    }
}

/// A recipient that was accepted.
package struct MailRecipient: Hashable, Sendable {
    /// As the client wrote it, without angle brackets.
    package var address: String
    /// What the receiver calls the place it goes to.
    package var mailbox: String
    package init(address: String, mailbox: String) {
        self.address = address
        self.mailbox = mailbox
    }
}

/// The other end of a session.
package struct MailClient: Hashable, Sendable {
    /// Its IP address, as text.
    package var address: String
    /// What it called itself in EHLO, HELO or LHLO; unproven.
    package var helo: String
    package var isEncrypted: Bool
    /// Whom the receiver took it for, after AUTH.
    package var user: String?

    package init(address: String, helo: String = "", isEncrypted: Bool = false, user: String? = nil) {
        self.address = address
        self.helo = helo
        self.isEncrypted = isEncrypted
        self.user = user
    }

    var isLoopback: Bool { self.address.hasPrefix("127.") || self.address == "::1" || self.address.hasPrefix("::ffff:127.") }
}
