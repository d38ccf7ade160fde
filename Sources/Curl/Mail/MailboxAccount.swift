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
