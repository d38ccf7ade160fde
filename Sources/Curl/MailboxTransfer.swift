/// One question to a mailbox. Holds a password: never logged.
package struct MailboxTransfer: Hashable, Sendable {
    package enum Question: Hashable, Sendable {
        /// Opens the mailbox so that nothing we do changes a flag (`EXAMINE`); the answer holds its UIDVALIDITY.
        case state
        /// The UID and the size of every message from this UID on; one line each.
        case sizes(from: UInt32)
        /// The bytes of one message. Whether it counts as seen by that depends on `state` having been asked on the same connection.
        case message(uid: UInt32, validity: UInt32)
    }

    /// As `MailServer` reads it.
    package var url: String
    package var username: String?
    package var password: String?
    /// `INBOX`; as the server spells it, printable ASCII.
    package var mailbox: String
    package var question: Question
    package var deadline: Duration
    package var connectDeadline: Duration
    /// Bytes of answer that are read; one more is `.tooLarge`.
    package var answerLimit: Int

    package init(
        url: String,
        username: String?,
        password: String?,
        mailbox: String = "INBOX",
        question: Question,
        deadline: Duration = .seconds(120),
        connectDeadline: Duration = .seconds(30),
        answerLimit: Int = 8_000_000
    ) {
        self.url = url
        self.username = username
        self.password = password
        self.mailbox = mailbox
        self.question = question
        self.deadline = deadline
        self.connectDeadline = connectDeadline
        self.answerLimit = answerLimit
    }

    /// - Throws: `.invalidRequest`.
    func check() throws(TransferError) {
        guard 1...200 ~= self.mailbox.utf8.count, self.mailbox.utf8.allSatisfy({ 0x20...0x7e ~= $0 && $0 != 0x22 && $0 != 0x5c }) else {
            throw TransferError(.invalidRequest, detail: "the mailbox's name holds a character other than printable ASCII")
        }
        for text in [self.username, self.password].compactMap(\.self) where text.utf8.contains(where: { $0 < 0x20 || $0 == 0x7f }) {
            throw TransferError(.invalidRequest, detail: "the user name or password holds a control character")
        }
    }

    /// The command that libcurl has no words of its own for.
    var command: String? {
        switch self.question {
        case .state: "EXAMINE \"\(self.mailbox)\""
        case .sizes(let first): "UID FETCH \(first):* (UID RFC822.SIZE)"
        case .message: nil
        }
    }

    /// What stands behind the host (RFC 5092).
    var path: String {
        let name = self.mailbox.utf8.map { byte in
            let character = Character(UnicodeScalar(byte))
            let isPlain = character.isLetter || character.isNumber || character == "-" || character == "_"
            return isPlain ? String(character) : "%" + (byte < 16 ? "0" : "") + String(byte, radix: 16, uppercase: true)
        }.joined()
        guard case .message(let uid, let validity) = self.question else { return name }
        return "\(name);UIDVALIDITY=\(validity)/;UID=\(uid)"
    }
}
