/// A mailbox on an IMAP server, and how it is entered. Holds a password: never logged.
package struct MailboxAccount: Hashable, Sendable {
    /// As `MailServer` reads it.
    package var url: String
    package var username: String?
    package var password: String?
    /// `INBOX`; as the server spells it, printable ASCII.
    package var name: String
    /// For name look-up, connection, TLS and log-in together.
    package var connectDeadline: Duration
    /// Bytes of one answer that are read; one more is `.tooLarge`.
    package var answerLimit: Int

    package init(
        url: String,
        username: String?,
        password: String?,
        name: String = "INBOX",
        connectDeadline: Duration = .seconds(30),
        answerLimit: Int = 8_000_000
    ) {
        self.url = url
        self.username = username
        self.password = password
        self.name = name
        self.connectDeadline = connectDeadline
        self.answerLimit = answerLimit
    }

    /// - Throws: `.invalidRequest`.
    func check() throws(TransferError) {
        guard 1...200 ~= self.name.utf8.count, self.name.utf8.allSatisfy({ 0x20...0x7e ~= $0 && $0 != 0x22 && $0 != 0x5c }) else {
            throw TransferError(.invalidRequest, detail: "the mailbox's name holds a character other than printable ASCII")
        }
        for text in [self.username, self.password].compactMap(\.self) where text.utf8.contains(where: { $0 < 0x20 || $0 == 0x7f }) {
            throw TransferError(.invalidRequest, detail: "the user name or password holds a control character")
        }
    }
}

package enum MailboxQuestion: Hashable, Sendable {
    /// Opens the mailbox so that nothing we do changes a flag (`EXAMINE`); the answer holds its UIDVALIDITY, its UIDNEXT and how many there are.
    case state
    /// The UID and the size of the messages of these numbers, from 1 on; one line each. libcurl 7.88 fails over about a hundred lines.
    case sizes(ClosedRange<Int>)
    /// The bytes of one message. Asked before `state` on a connection, it would count as seen by that.
    case message(uid: UInt32, validity: UInt32)
}

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
