import Parley
import Foundation
import Testing

@testable import SMTP

/// Plays a client against a session, and the receiver that the session asks.
struct SessionDriver {
    static let known = "support@parley.test"

    var session: SMTPSession
    /// What the session said and was not looked at yet, line by line.
    var said: [String] = []
    var delivered: [(envelope: MailEnvelope, text: String)] = []
    var isClosed = false
    var verdict = DeliveryVerdict.accepted(id: "m1")
    /// Asked, and to be answered by the test itself when this is true.
    var holdsDelivery = false
    let budget: MemoryBudget

    init(
        dialect: SMTPSettings.Dialect = .smtp,
        authentication: SMTPSettings.Authentication = .off,
        address: String = "192.0.2.1",
        offersTLS: Bool = true,
        limits: SMTPLimits = SMTPLimits()
    ) {
        self.budget = MemoryBudget(bytes: limits.totalBytes)
        self.session = SMTPSession(
            settings: SMTPSettings(hostname: "mx.parley.test", dialect: dialect, authentication: authentication, limits: limits),
            client: SMTPPeer(address: address),
            offersTLS: offersTLS,
            budget: self.budget,
            now: { Date(timeIntervalSince1970: 1_772_442_000) }
        )
        self.perform(self.session.connected())
    }

    mutating func send(_ text: String) { self.perform(self.session.received(Array(text.utf8))) }
    mutating func send(_ bytes: [UInt8]) { self.perform(self.session.received(bytes)) }

    /// Sends lines and gives back the codes that came for them.
    @discardableResult mutating func codes(_ lines: String...) -> [String] {
        for line in lines { self.send(line + "\r\n") }
        return self.takeCodes()
    }

    /// `250 2.1.0` for each reply, multi-line ones once.
    mutating func takeCodes() -> [String] {
        defer { self.said = [] }
        return self.said.filter { $0.dropFirst(3).first != "-" }.map { line in
            let words = line.split(separator: " ")
            return words.count > 1 && words[1].wholeMatch(of: /[245]\.\d\.\d+/) != nil ? "\(words[0]) \(words[1])" : String(words[0])
        }
    }

    /// With hello, sender and recipient said.
    static func inMail(limits: SMTPLimits = SMTPLimits(), dialect: SMTPSettings.Dialect = .smtp) -> SessionDriver {
        var driver = SessionDriver(dialect: dialect, limits: limits)
        driver.codes(dialect == .lmtp ? "LHLO client.test" : "EHLO client.test", "MAIL FROM:<a@sender.test>", "RCPT TO:<\(Self.known)>")
        return driver
    }

    mutating func perform(_ actions: [SMTPSession.Action]) {
        for action in actions {
            switch action {
            case .reply(let reply): self.said += reply.text.split(separator: "\r\n").map(String.init)
            case .judge(let recipient, _):
                let verdict: RecipientVerdict =
                    recipient.hasSuffix("@many.test")
                    ? .accepted(mailbox: recipient)
                    : recipient.lowercased().hasSuffix("@parley.test")
                        ? recipient.lowercased() == Self.known ? .accepted(mailbox: "support") : .refused(.unknownMailbox)
                        : .refused(.relayDenied)
                self.perform(self.session.judged(verdict))
            case .deliver(let envelope, let message):
                self.delivered.append((envelope, String(decoding: message.dropFirst(envelope.traceLength), as: UTF8.self)))
                if !self.holdsDelivery { self.perform(self.session.delivered(self.verdict)) }
            case .authenticate(let user, let password):
                let verdict = password == "secret" ? AuthenticationVerdict.accepted(user: user) : .refused(.badCredentials)
                self.perform(self.session.authenticated(verdict))
            case .startTLS: self.session.encrypted()
            case .pause: self.perform(self.session.pauseEnded())
            case .close: self.isClosed = true
            }
        }
    }
}
