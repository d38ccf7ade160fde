/// What is said on a line to a mail server: the command that is open, and the reply to it.
///
/// A reply counts only for the command it answers, so that an old refusal is not taken for the reason why a line broke later.
struct Dialogue {
    /// The reply's last line has come.
    private(set) var isReplyWhole = false
    private(set) var code = 0
    private(set) var text = ""
    /// QUIT has been said: what was answered before it stands.
    private(set) var isClosing = false

    private static let textLimit = 2_000

    /// A command leaves, or the first bytes of the message.
    mutating func begin(_ command: UnsafeRawBufferPointer) {
        guard !command.starts(with: "QUIT".utf8) else {
            self.isClosing = true
            return
        }
        self.isReplyWhole = false
        self.code = 0
        self.text = ""
    }

    /// One line of a reply: `250-SIZE 1000`, `250 2.0.0 Ok`.
    mutating func take(_ bytes: UnsafeRawBufferPointer) {
        guard !self.isClosing else { return }
        let line = String(decoding: bytes.prefix(1_000), as: UTF8.self)
        let rest = line.drop { $0.isNumber }
        guard line.utf8.count - rest.utf8.count == 3, let code = Int(line.prefix(3)) else { return }
        if self.isReplyWhole { self.text = "" }
        self.isReplyWhole = !rest.hasPrefix("-")
        self.code = code
        let words = rest.dropFirst().filter { !$0.isNewline && $0 != "\0" }
        if self.text.utf8.count + words.utf8.count < Self.textLimit { self.text += (self.text.isEmpty ? "" : " ") + words }
    }

    /// A no that was understood.
    var isRefusal: Bool { self.isReplyWhole && self.code >= 400 }
}
