/// The text of a mail: where it is gathered, and how its end is answered.
extension SMTPSession {
    /// False when there is no room for a mail.
    mutating func beginIntake(isDotStuffed: Bool) -> Bool {
        guard let transaction else { return false }
        let trace = Trace.header(
            client: self.client,
            host: self.settings.hostname,
            dialect: self.settings.dialect,
            isExtended: self.isExtended,
            isUTF8: transaction.isUTF8,
            recipient: transaction.recipients.count == 1 ? transaction.recipients[0].address : nil,
            at: self.now()
        )
        let limit = self.settings.limits.messageBytes
        self.intake = MailIntake(trace: trace, limit: limit, budget: self.budget, isDotStuffed: isDotStuffed)
        return self.intake != nil
    }

    /// A chunk is complete.
    mutating func endChunk(isLast: Bool) {
        self.phase = .command
        if let refusal = self.chunkRefusal {
            self.chunkRefusal = nil
            self.refuse(refusal)
        } else if isLast {
            self.handOver()
        } else if let failure = self.intake?.failure {
            self.refuse(failure)
        } else {
            self.say(SMTPReply(250, "2.0.0", "Go on"))
        }
    }

    /// The mail is complete: it goes to the receiver, or is refused for what was wrong with it.
    mutating func handOver() {
        guard var intake, let transaction else { return }
        self.intake = nil
        intake.finish()
        guard intake.failure == nil else {
            self.phase = .command
            self.transaction = nil
            return self.answerMail(intake.failure ?? .badContent, recipients: transaction.recipients.count)
        }
        self.phase = .ours
        self.handedOver = intake.reserved
        let envelope = MailEnvelope(
            sender: transaction.sender,
            recipients: transaction.recipients,
            client: self.client,
            traceLength: intake.traceLength
        )
        self.actions.append(.deliver(envelope, message: intake.bytes))
    }

    /// One reply in SMTP, one for each recipient in LMTP (RFC 2033 section 4.2).
    mutating func answerMail(_ reply: SMTPReply, recipients: Int) {
        if self.settings.dialect == .lmtp { for _ in 1..<max(recipients, 1) { self.say(reply) } }
        self.refuse(reply)
    }
}
