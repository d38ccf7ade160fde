package import Parley
package import Foundation

/// One SMTP or LMTP session as a pure state machine: bytes in, actions out. Who does the actions tells it what came of them.
///
/// While it waits for such an answer it keeps what else comes in, and does not look at it.
package struct SMTPSession: Sendable {
    /// What the session wants done, in the order it wants it.
    package enum Action: Hashable, Sendable {
        case reply(SMTPReply)
        /// Ask the receiver; then `judged`.
        case judge(recipient: String, sender: String)
        /// Hand over; then `delivered`.
        case deliver(MailEnvelope, message: [UInt8])
        /// Ask the receiver; then `authenticated`.
        case authenticate(user: String, password: String)
        /// Everything from here on is TLS.
        case startTLS
        /// Do nothing for this long; then `pauseEnded`.
        case pause(Duration)
        case close
    }

    /// Whom or what the session waits for. A deadline runs as long as the value stays the same.
    package enum Wait: Hashable, Sendable {
        /// Us, or nothing.
        case nothing
        /// The next command to begin; the number tells one command from the next.
        case command(Int)
        /// A command that has begun to end, or the TLS handshake.
        case line(Int)
        /// The whole text of a mail.
        case text(Int)
    }

    enum Phase: Equatable {
        case command
        case data
        /// - Parameter left: bytes of the chunk that are still to come.
        case chunk(left: Int, isLast: Bool)
        case login(LoginStep)
        /// An answer of ours is on its way: of the receiver, or TLS.
        case ours
        case paused(SMTPReply)
        case closed
    }

    enum LoginStep: Equatable { case plain, user, password(user: String) }

    /// A mail transaction, from MAIL on.
    struct Transaction {
        var sender: String
        var recipients: [MailRecipient] = []
        var isUTF8 = false
        var asked: String?
        /// BDAT has begun.
        var hasChunks = false
    }

    let settings: SMTPSettings
    let offersTLS: Bool
    let budget: MemoryBudget
    let now: @Sendable () -> Date

    package internal(set) var client: SMTPPeer
    var phase = Phase.command
    var transaction: Transaction?
    var intake: MailIntake?
    /// Bytes of the budget that a mail in the receiver's hands takes.
    var handedOver = 0
    /// What the chunk that comes in is answered with when it has no mail to go to.
    var chunkRefusal: SMTPReply?
    var hasGreeted = false
    var isExtended = false
    var errors = 0
    var failedLogins = 0
    var isStopping = false
    var actions: [Action] = []
    private var input = CommandBuffer()
    private var turn = 0

    /// - Parameters:
    ///   - offersTLS: there is a certificate.
    ///   - now: for the `Received:` header.
    package init(
        settings: SMTPSettings,
        client: SMTPPeer,
        offersTLS: Bool,
        budget: MemoryBudget,
        now: @escaping @Sendable () -> Date = { Date() }
    ) {
        self.settings = settings
        self.client = client
        self.offersTLS = offersTLS
        self.budget = budget
        self.now = now
    }

    // MARK: - What happens to it

    package mutating func connected() -> [Action] {
        self.say(SMTPReply(220, nil, "\(self.settings.hostname) \(self.settings.dialect == .lmtp ? "LMTP" : "ESMTP") Parley"))
        return self.taken()
    }

    package mutating func received(_ bytes: some Sequence<UInt8>) -> [Action] {
        guard self.phase != .closed else { return [] }
        self.input.append(bytes)
        return self.run()
    }

    package mutating func judged(_ verdict: RecipientVerdict) -> [Action] {
        guard self.phase == .ours, let address = self.transaction?.asked else { return [] }
        self.phase = .command
        self.transaction?.asked = nil
        switch verdict {
        case .accepted(let mailbox) where self.isFull(for: mailbox): self.say(.tooManyRecipients)
        case .accepted(let mailbox):
            self.transaction?.recipients.append(MailRecipient(address: address, mailbox: mailbox))
            self.say(SMTPReply(250, "2.1.5", "OK"))
        case .refused(let reply): self.refuse(reply)
        }
        return self.run()
    }

    private func isFull(for mailbox: String) -> Bool {
        let mailboxes = Set(self.transaction?.recipients.map(\.mailbox) ?? [])
        return mailboxes.count >= self.settings.limits.mailboxes && !mailboxes.contains(mailbox)
    }

    package mutating func delivered(_ verdict: DeliveryVerdict) -> [Action] {
        self.budget.give(self.handedOver)
        self.handedOver = 0
        guard self.phase == .ours, let transaction else { return [] }
        self.phase = .command
        self.transaction = nil
        let reply: SMTPReply
        switch verdict {
        case .accepted(let id):
            self.errors = 0
            reply = SMTPReply(250, "2.0.0", "Taken as \(id)")
        case .refused(let refusal): reply = refusal
        }
        self.answerMail(reply, recipients: transaction.recipients.count)
        return self.run()
    }

    package mutating func authenticated(_ verdict: AuthenticationVerdict) -> [Action] {
        guard self.phase == .ours else { return [] }
        self.phase = .command
        switch verdict {
        case .accepted(let user):
            self.client.user = user
            self.say(.authenticated)
        case .refused(let reply):
            self.failedLogins += 1
            if self.failedLogins >= self.settings.limits.failedLogins, reply.isRefusal {
                self.close(with: .tooManyErrors)
            } else {
                self.refuse(reply)
            }
        }
        return self.run()
    }

    /// The TLS handler stands in the way of everything that comes now. The client has to begin anew (RFC 3207 section 4.2).
    package mutating func encrypted() {
        guard self.phase == .ours else { return }
        self.phase = .command
        self.client.isEncrypted = true
        self.client.helo = ""
        self.client.user = nil
        self.hasGreeted = false
        self.transaction = nil
        self.input = CommandBuffer()
    }

    package mutating func pauseEnded() -> [Action] {
        guard case .paused(let reply) = self.phase else { return [] }
        self.phase = .command
        self.say(reply)
        return self.run()
    }

    /// What `wait` named did not come in time.
    package mutating func timedOut() -> [Action] {
        self.close(with: .timedOut)
        return self.taken()
    }

    /// The server goes down: a mail that is under way is finished, everything else ends now.
    package mutating func stop() -> [Action] {
        self.isStopping = true
        switch self.phase {
        case .command, .login: self.close(with: .stopping)
        case .data, .chunk, .ours, .paused, .closed: break
        }
        return self.taken()
    }

    /// The connection is gone. What had come of a mail is forgotten.
    package mutating func ended() {
        self.phase = .closed
        self.intake?.release()
        self.intake = nil
    }

    package var wait: Wait {
        switch self.phase {
        case .command where !self.hasGreeted && self.client.isEncrypted: .line(self.turn)
        case .command, .login: self.input.isEmpty ? .command(self.turn) : .line(self.turn)
        case .data, .chunk: .text(self.turn)
        case .ours, .paused, .closed: .nothing
        }
    }

    package func patience(_ wait: Wait) -> Duration? {
        switch wait {
        case .nothing: nil
        case .command: self.settings.limits.idle
        case .line: self.settings.limits.line
        case .text: self.settings.limits.data
        }
    }

    // MARK: - The loop

    private mutating func run() -> [Action] {
        loop: while true {
            switch self.phase {
            case .ours, .paused, .closed: break loop
            case .command where self.isStopping: self.close(with: .stopping)
            case .command, .login:
                guard let line = self.input.nextLine(upTo: self.settings.limits.authenticationLine) else { break loop }
                self.turn += 1
                self.obey(line)
            case .data:
                guard self.readData() else { break loop }
            case .chunk(let left, let isLast):
                guard self.readChunk(left, isLast) else { break loop }
            }
        }
        return self.taken()
    }

    private mutating func obey(_ line: CommandBuffer.Line) {
        switch line {
        case .tooLong: self.refuse(.lineTooLong)
        case .badEnd: self.refuse(.badLineEnd)
        case .whole(let bytes):
            let text = String(decoding: bytes, as: UTF8.self)
            if case .login(let step) = self.phase { return self.login(step, text) }
            self.obey(text, length: bytes.count + 2, isUTF8: String(validating: bytes, as: UTF8.self) != nil)
        }
    }

    /// False when more must come first.
    private mutating func readData() -> Bool {
        let end = self.input.withBytes { self.intake?.read($0) }
        self.input.drop(end ?? self.input.count)
        guard end != nil else { return false }
        self.handOver()
        return true
    }

    private mutating func readChunk(_ left: Int, _ isLast: Bool) -> Bool {
        let count = min(left, self.input.count)
        _ = self.input.withBytes { self.intake?.read(UnsafeRawBufferPointer(rebasing: $0[..<count])) }
        self.input.drop(count)
        guard count == left else {
            self.phase = .chunk(left: left - count, isLast: isLast)
            return false
        }
        self.endChunk(isLast: isLast)
        return true
    }

    var hasInput: Bool { !self.input.isEmpty }

    // MARK: - Answers

    mutating func say(_ reply: SMTPReply) { self.actions.append(.reply(reply)) }

    /// Says that something went wrong. Who is wrong often waits for it, and then has to go.
    mutating func refuse(_ reply: SMTPReply) {
        if case .login = self.phase { self.phase = .command }
        guard reply.isRefusal else { return self.say(reply) }
        self.errors += 1
        if self.errors > self.settings.limits.errors {
            self.close(with: .tooManyErrors)
        } else if self.errors > self.settings.limits.promptErrors {
            self.phase = .paused(reply)
            self.actions.append(.pause(self.settings.limits.tarpit))
        } else {
            self.say(reply)
        }
    }

    mutating func close(with reply: SMTPReply) {
        guard self.phase != .closed else { return }
        self.say(reply)
        self.actions.append(.close)
        self.ended()
    }

    private mutating func taken() -> [Action] {
        defer { self.actions = [] }
        return self.actions
    }
}
