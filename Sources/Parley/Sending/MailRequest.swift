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
