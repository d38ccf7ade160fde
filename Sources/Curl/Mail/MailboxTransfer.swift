struct MailboxTransfer: Sendable {
    var mailbox: MailboxAccount
    var question: MailboxQuestion
    var deadline: Duration

    /// The command that libcurl has no words of its own for.
    var command: String? {
        switch self.question {
        case .state: "EXAMINE \"\(self.mailbox.name)\""
        case .sizes(let range): "FETCH \(range.lowerBound):\(range.upperBound) (UID RFC822.SIZE)"
        case .message: nil
        }
    }

    /// What stands behind the host (RFC 5092).
    var path: String {
        let name = self.mailbox.name.utf8.map { byte in
            let character = Character(UnicodeScalar(byte))
            let isPlain = character.isLetter || character.isNumber || character == "-" || character == "_"
            return isPlain ? String(character) : "%" + (byte < 16 ? "0" : "") + String(byte, radix: 16, uppercase: true)
        }.joined()
        guard case .message(let uid, let validity) = self.question else { return name }
        return "\(name);UIDVALIDITY=\(validity)/;UID=\(uid)"
    }
}
