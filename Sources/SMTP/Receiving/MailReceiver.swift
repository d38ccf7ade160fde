/// Whom the server takes mail for. It asks about each recipient, and hands over what was sent; what that means is not its business.
package protocol MailReceiver: Sendable {
    /// Whether mail for `recipient` is taken.
    ///
    /// The time it takes must not tell an unknown recipient from a known one.
    func accept(recipient: String, from sender: String, client: SMTPPeer) async -> RecipientVerdict

    /// Takes a whole mail: `.accepted` means that it is safe, for all recipients.
    ///
    /// - Parameter message: header and body with CR LF line ends, dots unstuffed, our `Received:` header first.
    func deliver(_ envelope: MailEnvelope, _ message: [UInt8]) async -> DeliveryVerdict

    /// Who a client with these credentials is.
    func authenticate(user: String, password: String) async -> AuthenticationVerdict
}

package enum RecipientVerdict: Hashable, Sendable {
    /// - Parameter mailbox: given back with the envelope.
    case accepted(mailbox: String)
    case refused(SMTPReply)
}

package enum DeliveryVerdict: Hashable, Sendable {
    /// - Parameter id: what a person can look the mail up by; told to the client.
    case accepted(id: String)
    /// Nothing was kept.
    case refused(SMTPReply)
}

package enum AuthenticationVerdict: Hashable, Sendable {
    /// - Parameter user: told to the receiver with every further question.
    case accepted(user: String)
    case refused(SMTPReply)
}
