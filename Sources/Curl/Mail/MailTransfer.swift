/// One mail to one recipient. Holds a password and what a person wrote: never logged.
package struct MailTransfer: Hashable, Sendable {
    /// As `MailServer` reads it.
    package var url: String
    package var username: String?
    package var password: String?
    /// What we call ourselves in EHLO; nil for this machine's name.
    package var greeting: String?
    /// The reverse-path without angle brackets; empty for none.
    package var sender: String
    package var recipient: String
    /// Header and body, each line ended by CR LF, not dot-stuffed; empty where there is nothing to hand over but a greeting.
    package var message: [UInt8]
    /// For everything together. RFC 5321 section 4.5.3.2.6 asks for ten minutes of patience after the final dot.
    package var deadline: Duration
    /// For name look-up, connection, TLS, EHLO and AUTH together.
    package var connectDeadline: Duration

    package init(
        url: String,
        username: String? = nil,
        password: String? = nil,
        greeting: String? = nil,
        sender: String,
        recipient: String,
        message: [UInt8],
        deadline: Duration = .seconds(600),
        connectDeadline: Duration = .seconds(30)
    ) {
        self.url = url
        self.username = username
        self.password = password
        self.greeting = greeting
        self.sender = sender
        self.recipient = recipient
        self.message = message
        self.deadline = deadline
        self.connectDeadline = connectDeadline
    }

    /// Refuses what could be read as another command, another recipient or another mail (SMTP smuggling).
    ///
    /// - Throws: `.invalidRequest`.
    func check() throws(TransferError) {
        guard self.sender.isEmpty || self.sender.isEnvelopeAddress else {
            throw TransferError(.invalidRequest, detail: "the sender is no mail address")
        }
        guard self.recipient.isEnvelopeAddress else { throw TransferError(.invalidRequest, detail: "the recipient is no mail address") }
        guard self.message.isCanonicalMail else {
            throw TransferError(.invalidRequest, detail: "the message has a line that is too long, or does not end in CR LF, or a NUL")
        }
        try self.checkLogin()
    }

    /// - Throws: `.invalidRequest`.
    func checkLogin() throws(TransferError) {
        for text in [self.username, self.password].compactMap(\.self) where text.utf8.contains(where: { $0 < 0x20 || $0 == 0x7f }) {
            throw TransferError(.invalidRequest, detail: "the user name or password holds a control character")
        }
    }
}

extension String {
    /// Whether libcurl, which writes what stands before the first `@` as it comes, can carry it and every server reads it in one way.
    ///
    /// Which texts are addresses is not asked here: of those, it leaves out local parts with a quoted `<`, `>`, `@`, `"` or `\`.
    var isEnvelopeAddress: Bool {
        guard let at = self.lastIndex(of: "@"), 1...64 ~= self[..<at].utf8.count else { return false }
        let (local, domain) = (self[..<at], self[self.index(after: at)...])
        let isQuoted = local.utf8.count > 2 && local.hasPrefix("\"") && local.hasSuffix("\"")
        let inside = isQuoted ? local.dropFirst().dropLast() : local
        guard
            inside.utf8.allSatisfy({ byte in
                byte > 0x20 && byte != 0x7f && !"<>@\"\\".utf8.contains(byte) && (isQuoted || !"(),:;[]".utf8.contains(byte))
                    || isQuoted && byte == 0x20
            })
        else { return false }
        let isLiteral = domain.hasPrefix("[") && domain.hasSuffix("]")
        return 1...255 ~= domain.utf8.count
            && (isLiteral ? domain.dropFirst().dropLast() : domain).utf8.allSatisfy { byte in
                byte >= 0x80 || byte.isASCIILetterOrDigit || "-._".utf8.contains(byte)
                    || isLiteral && byte == UInt8(ascii: ":")
            } && !domain.hasPrefix(".") && !domain.hasSuffix(".") && !domain.contains("..")
    }
}

extension UInt8 {
    fileprivate var isASCIILetterOrDigit: Bool {
        (0x30...0x39).contains(self) || (0x41...0x5a).contains(self) || (0x61...0x7a).contains(self)
    }
}

extension [UInt8] {
    /// Each CR stands before an LF and each LF after a CR, no line has more than 998 octets, the last one ends, and there is no NUL.
    ///
    /// Source: RFC 5321 sections 2.3.8 and 4.5.3.1.6.
    var isCanonicalMail: Bool {
        guard self.suffix(2) == [0x0d, 0x0a] else { return false }
        var length = 0
        var last: UInt8 = 0
        for byte in self {
            guard (byte == 0x0a) == (last == 0x0d), byte != 0 else { return false }
            length = byte == 0x0a ? 0 : length + 1
            guard length <= 999 else { return false }  // the CR counts here
            last = byte
        }
        return true
    }

    /// Whether a line starts with a dot, which libcurl will double.
    var needsDotStuffing: Bool {
        var atStart = true
        for byte in self {
            if atStart && byte == UInt8(ascii: ".") { return true }
            atStart = byte == 0x0a
        }
        return false
    }
}
