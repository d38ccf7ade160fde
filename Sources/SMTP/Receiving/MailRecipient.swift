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
