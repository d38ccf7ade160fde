/// The commands of a session. Source: RFC 5321 section 4.1.1, and of extensions as named.
extension SMTPSession {
    /// - Parameters:
    ///   - length: with CR LF.
    ///   - isUTF8: false when `line` is not what came, but as near to it as text can be.
    mutating func obey(_ line: String, length: Int, isUTF8: Bool) {
        let words = line.split(separator: " ", maxSplits: 1, omittingEmptySubsequences: false)
        let verb = words[0].uppercased()
        let rest = words.count > 1 ? words[1] : ""
        let limits = self.settings.limits
        let limit = verb == "MAIL" ? limits.mailLine : verb == "AUTH" ? limits.authenticationLine : limits.commandLine
        guard length <= limit else { return self.refuse(.lineTooLong) }
        guard isUTF8 else { return self.refuse(SMTPReply(500, "5.5.2", "This is no UTF-8")) }
        switch verb {
        case "EHLO", "HELO", "LHLO": self.hello(verb, rest)
        case "MAIL": self.mail(rest)
        case "RCPT": self.recipient(rest)
        case "DATA": self.data(rest)
        case "BDAT": self.chunk(rest)
        case "RSET":
            self.forget()
            self.say(.ok)
        case "NOOP": self.say(.ok)
        case "VRFY": self.say(SMTPReply(252, "2.1.5", "Send mail and see"))
        case "EXPN": self.refuse(.notImplemented)
        case "HELP": self.say(SMTPReply(214, "2.0.0", "RFC 5321"))
        case "QUIT": self.close(with: .bye)
        case "STARTTLS": self.startTLS(rest)
        case "AUTH": self.authenticate(rest)
        case "GET", "POST", "PUT", "HEAD", "OPTIONS", "CONNECT": self.close(with: .notHTTP)  // a browser was made to write here
        default: self.refuse(.noSuchCommand)
        }
    }

    mutating func forget() {
        self.intake?.release()
        self.intake = nil
        self.transaction = nil
    }

    // MARK: - Hello

    private mutating func hello(_ verb: String, _ rest: Substring) {
        guard (verb == "LHLO") == (self.settings.dialect == .lmtp) else { return self.refuse(.wrongHello) }
        let name = rest.trimmingSpaces
        guard !name.isEmpty, name.unicodeScalars.allSatisfy({ $0.value > 0x20 && $0.value != 0x7f }), name.utf8.count <= 255 else {
            return self.refuse(.badSyntax("\(verb) your.name"))
        }
        self.forget()
        self.client.helo = String(name)
        self.hasGreeted = true
        self.isExtended = verb != "HELO"
        guard self.isExtended else { return self.say(SMTPReply(250, nil, self.settings.hostname)) }
        var offers = ["PIPELINING", "SIZE \(self.settings.limits.messageBytes)", "8BITMIME", "SMTPUTF8", "CHUNKING", "ENHANCEDSTATUSCODES"]
        if self.offersTLS, !self.client.isEncrypted { offers.append("STARTTLS") }
        if self.settings.authentication != .off, self.isSafeForPasswords { offers.append("AUTH PLAIN LOGIN") }
        self.say(SMTPReply(250, nil, [self.settings.hostname] + offers + ["HELP"]))
    }

    private mutating func startTLS(_ rest: Substring) {
        guard self.offersTLS else { return self.refuse(.notImplemented) }
        guard !self.client.isEncrypted else { return self.refuse(SMTPReply(503, "5.5.1", "TLS is on")) }
        guard rest.trimmingSpaces.isEmpty else { return self.refuse(.badSyntax("STARTTLS")) }
        // What came with it came in clear, from anybody: it must not be taken for what the client says under TLS (CVE-2011-0411).
        guard !self.hasInput else { return self.close(with: .injection) }
        self.forget()
        self.phase = .ours
        self.say(SMTPReply(220, "2.0.0", "Go ahead"))
        self.actions.append(.startTLS)
    }

    // MARK: - A mail

    private mutating func mail(_ rest: Substring) {
        guard self.hasGreeted else { return self.refuse(.helloFirst) }
        if self.settings.authentication == .required, self.client.user == nil { return self.refuse(.loginFirst) }
        guard self.transaction == nil else { return self.refuse(.nestedMail) }
        guard let path = Self.path(rest, after: "FROM:") else { return self.refuse(.badSyntax("MAIL FROM:<address>")) }
        var transaction = Transaction(sender: path.address)
        for (name, value) in path.parameters {
            switch (name, value.uppercased()) {
            case ("SIZE", _):
                guard 1...20 ~= value.utf8.count, value.utf8.allSatisfy({ (48...57).contains($0) }) else {
                    return self.refuse(.badSyntax("SIZE=bytes"))
                }
                guard let size = Int(value), size <= self.settings.limits.messageBytes else { return self.refuse(.tooLarge) }
            case ("BODY", "7BIT"), ("BODY", "8BITMIME"): break
            case ("SMTPUTF8", ""): transaction.isUTF8 = true
            case ("AUTH", _) where self.settings.authentication != .off: break  // who else had sent it: nobody here asks
            case ("BODY", _): return self.refuse(SMTPReply(501, "5.5.4", "BODY is 7BIT or 8BITMIME"))
            default: return self.refuse(SMTPReply(555, "5.5.4", "Unknown parameter"))
            }
        }
        guard path.isASCII || transaction.isUTF8 else { return self.refuse(SMTPReply(553, "5.6.7", "This address needs SMTPUTF8")) }
        self.transaction = transaction
        self.say(SMTPReply(250, "2.1.0", "OK"))
    }

    private mutating func recipient(_ rest: Substring) {
        guard let transaction else { return self.refuse(.mailFirst) }
        guard !transaction.hasChunks else { return self.refuse(.chunksBegun) }
        guard let path = Self.path(rest, after: "TO:"), !path.address.isEmpty else {
            return self.refuse(.badSyntax("RCPT TO:<address>"))
        }
        guard path.parameters.isEmpty else { return self.refuse(SMTPReply(555, "5.5.4", "Unknown parameter")) }
        guard path.isASCII || transaction.isUTF8 else { return self.refuse(SMTPReply(553, "5.6.7", "This address needs SMTPUTF8")) }
        guard transaction.recipients.count < self.settings.limits.recipients else { return self.say(.tooManyRecipients) }
        self.transaction?.asked = path.address
        self.phase = .ours
        self.actions.append(.judge(recipient: path.address, sender: transaction.sender))
    }

    private mutating func data(_ rest: Substring) {
        if let problem = self.textProblem { return self.refuse(problem) }
        guard self.transaction?.hasChunks == false else { return self.refuse(.chunksBegun) }
        guard rest.trimmingSpaces.isEmpty else { return self.refuse(.badSyntax("DATA")) }
        guard self.beginIntake(isDotStuffed: true) else { return self.say(.noRoom) }
        self.phase = .data
        self.say(.startData)
    }

    /// BDAT (RFC 3030): a chunk is read whatever is wrong, for the client has sent it already.
    private mutating func chunk(_ rest: Substring) {
        let words = rest.split(separator: " ")
        guard 1...2 ~= words.count, let size = Int(words[0]), size >= 0, words.count == 1 || words[1].uppercased() == "LAST" else {
            return self.close(with: SMTPReply(421, "4.5.4", "Syntax: BDAT bytes [LAST]; closing, for where this chunk ends is unknown"))
        }
        self.chunkRefusal = self.textProblem
        if self.chunkRefusal == nil {
            if self.intake == nil, !self.beginIntake(isDotStuffed: false) { self.chunkRefusal = .noRoom }
            self.transaction?.hasChunks = true
        }
        self.phase = .chunk(left: size, isLast: words.count == 2)
    }

    /// What is missing before text can be given; nil when nothing is.
    private var textProblem: SMTPReply? {
        guard self.hasGreeted else { return .helloFirst }
        guard let transaction else { return .mailFirst }
        return transaction.recipients.isEmpty ? .recipientFirst : nil
    }

    /// The path behind `FROM:` or `TO:`; a space before it is common.
    private static func path(_ rest: Substring, after word: String) -> MailPath? {
        guard rest.prefix(word.count).uppercased() == word else { return nil }
        return MailPath(rest.dropFirst(word.count))
    }
}

extension Substring {
    var trimmingSpaces: Substring {
        var text = self.drop { $0 == " " || $0 == "\t" }
        while text.last == " " || text.last == "\t" { text.removeLast() }
        return text
    }
}
