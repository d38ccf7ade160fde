import Foundation

/// AUTH with PLAIN (RFC 4616) and LOGIN. Source: RFC 4954.
extension SMTPSession {
    /// A password is asked for only where nobody on the way can read it.
    var isSafeForPasswords: Bool { self.client.isEncrypted || self.client.isLoopback }

    mutating func authenticate(_ rest: Substring) {
        guard self.settings.authentication != .off else { return self.refuse(.notImplemented) }
        guard self.hasGreeted else { return self.refuse(.helloFirst) }
        guard self.isSafeForPasswords else { return self.refuse(.encryptFirst) }
        guard self.client.user == nil, self.transaction == nil else { return self.refuse(SMTPReply(503, "5.5.1", "Not now")) }
        let words = rest.split(separator: " ")
        guard let mechanism = words.first, words.count <= 2 else { return self.refuse(.badSyntax("AUTH mechanism")) }
        let first = words.count == 2 ? (words[1] == "=" ? "" : String(words[1])) : nil
        switch mechanism.uppercased() {
        case "PLAIN": self.ask(.plain, "", answered: first)
        case "LOGIN": self.ask(.user, "VXNlcm5hbWU6", answered: first)
        default: self.refuse(SMTPReply(504, "5.5.4", "PLAIN or LOGIN"))
        }
    }

    /// - Parameter answered: what the client said before it was asked.
    private mutating func ask(_ step: LoginStep, _ challenge: String, answered: String?) {
        self.phase = .login(step)
        if let answered { self.login(step, answered) } else { self.say(SMTPReply(334, nil, challenge)) }
    }

    mutating func login(_ step: LoginStep, _ line: String) {
        guard line != "*" else { return self.refuse(SMTPReply(501, "5.7.0", "Cancelled")) }
        guard let data = Data(base64Encoded: line), let text = String(validating: data, as: UTF8.self) else {
            return self.refuse(SMTPReply(501, "5.5.2", "This is no base64"))
        }
        switch step {
        case .user: self.ask(.password(user: text), "UGFzc3dvcmQ6", answered: nil)
        case .password(let user): self.check(user, text)
        case .plain:
            let parts = text.split(separator: "\0", omittingEmptySubsequences: false)
            guard parts.count == 3 else { return self.refuse(SMTPReply(501, "5.5.2", "This is no PLAIN response")) }
            self.check(String(parts[1]), String(parts[2]))
        }
    }

    private mutating func check(_ user: String, _ password: String) {
        self.phase = .ours
        self.actions.append(.authenticate(user: user, password: password))
    }
}
