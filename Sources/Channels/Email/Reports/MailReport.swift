internal import Parley

/// What a machine tells of a mail that was sent: whether it arrived, whether it was read.
package enum MailReport: Hashable, Sendable {
    /// RFC 3464, or words that mean the same.
    case delivery(DeliveryReport)
    /// RFC 8098. `isRead`: it was shown to somebody; else it was deleted, passed on, or refused to say.
    case disposition(original: String?, isRead: Bool)
    /// RFC 5965: somebody called a mail of ours unwanted; or another report that is about no delivery.
    case other

    /// Nil for a mail that is none.
    init?(_ mail: MailPart, text: String, trace: MailTrace, from: MailAddress?) {
        let parts = Self.leaves(of: mail)
        func part(_ subtypes: String...) -> MailPart? { parts.first { $0.type.type == "message" && subtypes.contains($0.type.subtype) } }
        let isReport = mail.type.type == "multipart" && mail.type.subtype == "report"
        let kind = isReport ? mail.type.parameters["report-type"]?.lowercased() ?? "" : ""
        // What a person passes on may hold a report, too; then it is a file, and the mail is theirs.
        guard isReport || trace.sender?.isEmpty == true || from.map(Self.isDaemon) == true || mail.headers["x-failed-recipients"] != nil
        else {
            return nil
        }
        // Gateways on the way make plain text of what they do not know.
        let mayHoldStatus = isReport && kind != "disposition-notification"
        let plain = mayHoldStatus ? parts.dropFirst().prefix(8).filter { $0.type.name == "text/plain" } : []
        let statuses = [part("delivery-status", "global-delivery-status")].compactMap(\.self) + plain
        if let report = statuses.lazy.compactMap({ DeliveryReport($0.bytes, mail: mail, parts: parts) }).first {
            self = .delivery(report)
        } else if let disposition = part("disposition-notification", "global-disposition-notification") {
            let (fields, _) = MailHeaders.read(disposition.bytes)
            let original = fields["original-message-id"].flatMap { MessageIDs.first($0) }
            self = .disposition(original: original, isRead: fields.text("disposition")?.lowercased().hasSuffix("displayed") ?? false)
        } else if part("feedback-report") != nil || (isReport && !["delivery-status", "disposition-notification", ""].contains(kind)) {
            self = .other
        } else if let report = DeliveryReport(words: text, mail: mail, trace: trace, from: from) {
            self = .delivery(report)
        } else if isReport {
            self = .other
        } else {
            return nil
        }
    }

    /// Addresses that only machines write from.
    static func isDaemon(_ address: MailAddress) -> Bool {
        let local = address.untagged.local.lowercased().filter { $0 != "-" && $0 != "_" && $0 != "." }
        return ["mailerdaemon", "maildaemon", "mdaemon", "postmaster", "mailsystem", "maildeliverysubsystem"].contains(local)
            || local.hasPrefix("microsoftexchange")
    }

    /// The parts that hold something, of the mail alone and not of mails within it.
    static func leaves(of part: MailPart) -> [MailPart] {
        guard case .parts(let parts) = part.content else { return [part] }
        return parts.flatMap(Self.leaves)
    }
}

extension MailPart {
    /// What a leaf holds.
    var bytes: [UInt8] {
        switch self.content {
        case .bytes(let bytes), .mail(let bytes): bytes
        case .parts: []
        }
    }
}
