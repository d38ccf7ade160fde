internal import Foundation
internal import Parley

/// What became of a mail at each of its recipients.
///
/// Source: RFC 3464.
package struct DeliveryReport: Hashable, Sendable {
    package enum Action: String, Hashable, Sendable { case failed, delayed, delivered, relayed, expanded }
    package struct Recipient: Hashable, Sendable {
        /// Nil when it is not told.
        package var address: String?
        package var action: Action
        /// RFC 3463, `5.1.1`; nil when it is not told.
        package var status: String?
        /// The server's own words, in one line of at most 500 characters.
        package var diagnostic: String?
    }
    /// At least one.
    package var recipients: [Recipient]
    /// The Message-ID of the mail it is about; nil when it is not told.
    package var original: String?

    /// What is final comes first, and what failed before what did not.
    package var main: Recipient {
        let order: [Action] = [.failed, .delivered, .relayed, .expanded, .delayed]
        return order.lazy.compactMap { action in self.recipients.first { $0.action == action } }.first ?? self.recipients[0]
    }

    /// More recipients than a report of a mail to one will ever have.
    private static let limit = 200

    private init?(recipients: [Recipient], original: String?) {
        guard !recipients.isEmpty else { return nil }
        self.recipients = recipients
        self.original = original
    }

    /// Nil when the fields tell nothing of any recipient.
    ///
    /// - Parameter fields: of message/delivery-status: groups of fields, the first of the mail as a whole.
    init?(_ fields: [UInt8], mail: MailPart, parts: [MailPart]) {
        var recipients: [Recipient] = []
        var original: String?
        var rest = fields[...]
        var groups = 0
        while !rest.isEmpty, recipients.count < Self.limit, groups < 5 * Self.limit {
            groups += 1
            let (group, end) = MailHeaders.read(rest)
            rest = rest.dropFirst(max(1, end))
            original =
                original
                ?? ["x-original-message-id", "original-message-id"].lazy.compactMap { group[$0] }.compactMap(MessageIDs.first).first
            if let recipient = Self.recipient(group) { recipients.append(recipient) }
        }
        self.init(recipients: recipients, original: original)
        self.original = Self.returned(parts) ?? original ?? Self.answered(mail.headers)
    }

    private static func recipient(_ group: MailHeaders) -> Recipient? {
        let address = (group["final-recipient"] ?? group["original-recipient"]).flatMap(self.address)
        let diagnostic = group.text("diagnostic-code").map { String($0.prefix(500)) }
        let status = group.text("status").flatMap(EnhancedStatus.first) ?? diagnostic.flatMap(EnhancedStatus.first)
        let word = group.word("action").prefix { $0.isLetter }
        let told = Action(rawValue: String(word)) ?? (word == "failure" ? .failed : nil)
        guard let action = told ?? status.flatMap(EnhancedStatus.action), told != nil || address != nil else { return nil }
        return Recipient(address: address, action: action, status: status, diagnostic: diagnostic)
    }

    /// `rfc822; <gone@corp.test>`
    private static func address(_ field: [UInt8]) -> String? {
        let text = HeaderText.decode(HeaderText.withoutComments(field))
        let value = text.firstIndex(of: ";").map { text[text.index(after: $0)...] } ?? text[...]
        return MailAddress(value.trimmingCharacters(in: CharacterSet(charactersIn: " <>\t")))?.description
    }

    // MARK: - Which mail

    /// The mail itself, or its header, comes back with the report.
    private static func returned(_ parts: [MailPart]) -> String? {
        for part in parts.dropFirst() {
            let isMail = part.type.isMessage || ["rfc822-headers", "global-headers", "plain"].contains(part.type.subtype)
            guard isMail, let id = MailHeaders.read(part.bytes).headers["message-id"].flatMap({ MessageIDs.first($0) }) else { continue }
            return id
        }
        return nil
    }

    /// Some answer the mail they report on.
    private static func answered(_ headers: MailHeaders) -> String? {
        headers["in-reply-to"].flatMap { MessageIDs.first($0) } ?? headers["references"].flatMap { MessageIDs.read($0).last }
    }
}
