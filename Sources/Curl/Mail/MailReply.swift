/// What a server said in the end, whether yes or no: whoever gets a reply knows what became of the mail.
package struct MailReply: Hashable, Sendable {
    /// `250`, `550`
    package var code: Int
    /// Its lines without the code, joined by blanks; at most 2,000 bytes.
    package var text: String

    package init(code: Int, text: String) {
        self.code = code
        self.text = text
    }
}

extension MailReply {
    init(_ answer: TransferAnswer) {
        self.init(code: answer.status, text: String(decoding: answer.body, as: UTF8.self))
    }
}
