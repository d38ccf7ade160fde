internal import Foundation
internal import Parley

/// What a mail means for one channel: a pure reading of the mail, the channel's settings and the moment.
struct MailInterpreter: Sendable {
    /// Bytes of an external id, as the inbox keeps it.
    private static let longestID = 512
    private static let referenceLimit = 100

    let mail: IncomingMail
    let channel: ChannelContext
    let at: Date

    private var tokens: ReplyTokens { ReplyTokens(keys: self.channel.tokenKeys) }
    private var own: MailAddress? { self.channel.settings["address"]?.string.flatMap { MailAddress($0) } }

    // MARK: - Our own

    /// Our own mail came back: it bears a Message-ID that we signed (B101).
    var isLoop: Bool { self.mail.messageID.map(self.isOurs) ?? false }

    /// Anybody can write our address into From, so such a mail is kept; but nothing automatic answers it.
    private var isFromOurselves: Bool {
        guard let own, let from = self.mail.from?.address else { return false }
        return from.untagged.identity == own.untagged.identity
    }

    /// We made this Message-ID, in this channel.
    private func isOurs(_ id: String) -> Bool {
        if case .genuine? = self.tokens.read(messageID: id, at: self.at)?.reading { true } else { false }
    }

    /// What a report says of a mail that is ours; nil when it is no report, or on nothing of ours: those are messages.
    var receipts: [Receipt]? {
        switch self.mail.report {
        case .delivery(let report):
            guard let id = report.original, self.isOurs(id) else { return nil }
            let main = report.main
            switch main.action {
            case .failed: return [Receipt(externalID: id, status: .failed, code: main.status, detail: main.diagnostic)]
            case .delivered: return [Receipt(externalID: id, status: .delivered, code: main.status, detail: main.diagnostic)]
            case .delayed, .relayed, .expanded: return []  // not final, or past what can be known
            }
        case .disposition(let original, let isRead):
            guard let original, self.isOurs(original) else { return nil }
            return isRead ? [Receipt(externalID: original, status: .read)] : []
        case .other, nil: return nil
        }
    }

    // MARK: - A message

    /// Nil when it is from nobody.
    var message: InboundMessage? {
        let mail = self.mail
        guard let from = mail.from else { return nil }
        let sender = from.address.identity
        let replyTo = mail.replyTo.map(\.address.identity)
        let files = Dictionary(mail.body.files.compactMap { file in file.contentID.map { ($0, file.media.url) } }) { first, _ in first }
        return InboundMessage(
            externalID: self.externalID(sender: sender),
            from: Address(space: EmailAdapter.space, value: sender),
            fromName: from.name.isEmpty ? nil : from.name,
            to: mail.trace.recipients.first?.description ?? self.own?.description ?? mail.to.first?.address.description,
            text: mail.visibleText,
            media: mail.body.files.map(\.media),
            replyTo: replyTo == sender ? nil : replyTo,
            inReplyTo: mail.inReplyTo,
            sentAt: mail.date,
            isAutomatic: mail.isAutomatic || self.isFromOurselves,
            subject: mail.subject.isEmpty ? nil : mail.subject,
            html: mail.body.html.map { HTMLSanitizer.sanitized($0, files: files) },
            fullText: Self.trimmed(mail.text) == Self.trimmed(mail.visibleText) ? nil : mail.text,
            mail: self.threading
        )
    }

    private static func trimmed(_ text: String) -> String { text.trimmingCharacters(in: .whitespacesAndNewlines) }

    /// The id is the sender's own only: whoever repeats it has another (B95), and the same mail again has the same.
    private func externalID(sender: String) -> String {
        let digest = Hex.encode(self.mail.digest)
        guard let id = self.mail.messageID else { return "sha256:\(digest)" }
        let full = "\(id) \(sender) \(digest.prefix(8))"
        return full.utf8.count <= Self.longestID ? full : "sha256:\(Hex.encode(Crypto.sha256(full.utf8)))"
    }

    // MARK: - Where it belongs

    private var threading: MailThreading {
        let mail = self.mail
        let subject = BaseSubject(mail.subject)
        let references = self.references
        return MailThreading(
            messageID: mail.messageID,
            references: references,
            token: self.token(references),
            subject: subject.text,
            isReply: subject.isReply,
            authentication: self.authentication,
            suppressesAutoReply: mail.suppressesAutoReply,
            isList: mail.isList,
            autoSubmitted: mail.autoSubmitted
        )
    }

    /// In-Reply-To first, then from the newest to the oldest, each once, never itself.
    private var references: [String] {
        var ids: [String] = []
        var seen: Set<Exact> = self.mail.messageID.map { [Exact($0)] } ?? []
        for id in [self.mail.inReplyTo].compactMap(\.self) + self.mail.references.reversed() where ids.count < Self.referenceLimit {
            if seen.insert(Exact(id)).inserted { ids.append(id) }
        }
        return ids
    }

    /// The envelope first: To may lack the tag. One that still holds goes before one that has ended.
    private func token(_ references: [String]) -> ReplyToken? {
        let delivered = ["delivered-to", "x-original-to"].flatMap { self.mail.headers.all($0) }.flatMap { MailboxList($0).mailboxes }
        let addresses = self.mail.trace.recipients + (delivered + self.mail.to + self.mail.cc).map(\.address)
        let readings =
            addresses.compactMap(\.tag).map { self.tokens.read($0, at: self.at) }
            + references.map { self.tokens.read(messageID: $0, at: self.at)?.reading }
        let genuine = readings.compactMap { if case .genuine(let token)? = $0 { token } else { nil } }
        return genuine.first { !$0.isExpired } ?? genuine.first
    }

    /// Who writes no From, two, or several authors into it, is nobody in particular: no relay can vouch for them, and they join nobody (B92).
    private var authentication: MailAuthentication {
        guard self.mail.hasOneSender else { return .fail }
        guard let relay = self.channel.settings["trusted_relay"]?.string, let from = self.mail.from else { return .none }
        return AuthenticationResults.read(self.mail.headers, relay: relay, domain: from.address.domain)
    }
}
