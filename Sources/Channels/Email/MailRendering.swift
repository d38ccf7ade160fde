internal import Foundation
internal import Parley

/// Makes a mail of a message: from whom, in which thread, with which ids.
struct MailRendering: Sendable {
    /// What the files of one mail may weigh together before they are encoded; what does not fit is linked.
    static let fileLimit = 20_000_000
    /// Of the ids in References: the first and the newest ones; a line of header has its limits.
    static let referenceLimit = 20

    let channel: ChannelContext

    /// - Throws: `.badResult` when the channel's own address is none, or its DKIM key cannot sign.
    func request(for message: OutboundMessage) throws(AdapterError) -> (MailRequest, degradations: [String]) {
        guard let own = self.setting("address").flatMap({ MailAddress($0) }) else {
            throw AdapterError(.badResult, "the channel's address is none")
        }
        let date = message.createdAt ?? Date(timeIntervalSince1970: 0)
        let tokens = ReplyTokens(keys: self.channel.tokenKeys)
        let replyAddress = message.conversation.flatMap { tokens.address(of: own, for: $0, at: date) }
        let messageID =
            message.conversation.map { tokens.messageID(of: message.id, in: $0, domain: own.domain, at: date) }
            ?? "<\(message.id)@\(own.domain)>"
        let (files, links) = self.files(of: message)
        let text = MailText(message.body, links: links)
        let draft = MailDraft(
            from: .init(name: self.setting("from_name"), address: own.description),
            to: .init(address: message.to),
            replyTo: replyAddress.map { .init(name: self.setting("from_name"), address: $0.description) },
            subject: self.subject(of: message),
            date: date,
            messageID: messageID,
            inReplyTo: message.inReplyTo.flatMap(Self.identifier),
            references: Self.references(of: message),
            text: text.text,
            html: text.html,
            files: files,
            headers: message.isAutomatic ? Self.automatic(isAnswer: message.inReplyTo != nil) : [:]
        )
        var bytes = try MailComposer.bytes(of: draft)
        if let signer = try self.signer() {
            do { bytes = try signer.sign(bytes, at: date) } catch { throw AdapterError(.badResult, "the DKIM key does not sign") }
        }
        let request = MailRequest(
            url: self.setting("smtp_url") ?? "",
            username: self.setting("smtp_username"),
            password: self.setting("smtp_password"),
            sender: own.description,
            recipient: message.to,
            message: bytes,
            messageID: messageID
        )
        return (request, text.degradations)
    }

    private func setting(_ name: String) -> String? {
        self.channel.settings[name]?.string.flatMap { $0.isEmpty ? nil : $0 }
    }

    /// The body's own goes first; an answer bears the subject it answers.
    private func subject(of message: OutboundMessage) -> String {
        if let own = message.body.subject, !own.isEmpty { return own }
        guard let theirs = message.subject?.trimmingCharacters(in: .whitespacesAndNewlines), !theirs.isEmpty else {
            return message.inReplyTo == nil
                ? "Message from \(self.setting("from_name") ?? self.setting("address") ?? "us")" : "Re: your message"
        }
        guard message.inReplyTo != nil, !BaseSubject(theirs).isReply else { return theirs }
        return "Re: \(theirs)"
    }

    /// The files that come along, and what is only linked.
    private func files(of message: OutboundMessage) -> (files: [MailDraft.File], links: [Media]) {
        var files: [MailDraft.File] = []
        var links: [Media] = []
        var weight = 0
        for media in message.body.media {
            guard var file = message.files.first(where: { $0.id == media.attachment }), weight + file.bytes.count <= Self.fileLimit else {
                links.append(media)
                continue
            }
            weight += file.bytes.count
            // The name is the message's: the same bytes may have come under others.
            file.filename = media.filename ?? file.filename
            files.append(MailDraft.File(file: file, isInline: media.isInline, contentID: media.contentID))
        }
        return (files, links)
    }

    private func signer() throws(AdapterError) -> DKIMSigner? {
        guard let key = self.setting("dkim_key"), let selector = self.setting("dkim_selector"),
            let domain = self.setting("dkim_domain") ?? self.setting("address").flatMap({ MailAddress($0)?.domain })
        else { return nil }
        guard let signer = DKIMSigner(domain: domain, selector: selector, key: key) else {
            throw AdapterError(.badResult, "the DKIM settings do not sign")
        }
        return signer
    }

    /// Tells other machines not to answer; Exchange and Outlook read a header of their own.
    ///
    /// Source: RFC 3834 section 5; MS-OXCMAIL section 2.1.3.2.20 (X-Auto-Response-Suppress).
    private static func automatic(isAnswer: Bool) -> [String: String] {
        ["Auto-Submitted": isAnswer ? "auto-replied" : "auto-generated", "X-Auto-Response-Suppress": "All"]
    }

    // MARK: - Ids

    /// Source: RFC 5322 section 3.6.4: what the parent refers to, then the parent.
    private static func references(of message: OutboundMessage) -> [String] {
        var ids: [String] = []
        for id in (message.references + [message.inReplyTo].compactMap(\.self)).compactMap(self.identifier) {
            ids.removeAll { $0 == id }
            ids.append(id)
        }
        guard ids.count > self.referenceLimit else { return ids }
        return [ids[0]] + ids.suffix(self.referenceLimit - 1)
    }

    /// Nil for what is no `<id>` that a header may hold.
    private static func identifier(_ text: String) -> String? {
        guard text.utf8.count <= 250, text.hasPrefix("<"), text.hasSuffix(">"),
            text.utf8.dropFirst().dropLast().allSatisfy({ $0 > 0x20 && $0 < 0x7f && $0 != 0x3c && $0 != 0x3e })
        else { return nil }
        return text
    }
}
