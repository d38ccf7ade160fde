internal import Foundation
internal import Parley

/// Reports in plain words, as qmail, Exim, old sendmails and appliances write them.
extension DeliveryReport {
    /// What is looked at.
    private static let lineLimit = 400
    private static let characterLimit = 32_768

    /// Nil for a mail that is no report: an answer by a machine may come from the empty path as well.
    init?(words text: String, mail: MailPart, trace: MailTrace, from: MailAddress?) {
        let subject = (mail.headers.text("subject") ?? "").lowercased()
        let failed = mail.headers["x-failed-recipients"].map { MailboxList($0).mailboxes.map(\.address.description) } ?? []
        let start = text.prefix(Self.characterLimit)
        let isFromDaemon = from.map(MailReport.isDaemon) == true
        let isNamed = Self.subjects.contains { subject.contains($0) }
        let opening = start.prefix(2_000).lowercased()
        let isTold = Self.openings.contains { opening.contains($0) }
        guard !failed.isEmpty || (isNamed && (isFromDaemon || trace.sender?.isEmpty == true)) || (isTold && isFromDaemon) else {
            return nil
        }

        let lines = start.split(separator: "\n", omittingEmptySubsequences: false).prefix(Self.lineLimit).map { line in
            line.trimmingCharacters(in: .whitespaces)
        }
        // Behind this line stands our own mail, which says nothing about its fate.
        let copy = lines.firstIndex { line in Self.copies.contains { line.lowercased().contains($0) } } ?? lines.count
        let told = lines[..<copy]
        let status = told.lazy.compactMap(EnhancedStatus.first).first
        let isWarning = Self.warnings.contains { subject.contains($0) || opening.contains($0) }
        let action: Action = isWarning ? .delayed : status.flatMap(EnhancedStatus.action) == .delivered ? .delivered : .failed
        let addresses: [String?] = failed.isEmpty ? [Self.recipient(told)] : failed
        let diagnostic = told.first { $0.contains(/\b[45][0-9]{2}[ -]/) }.map { String(HeaderText.oneLine($0).prefix(500)) }
        self.recipients = addresses.map { Recipient(address: $0, action: action, status: status, diagnostic: diagnostic) }
        self.original = Self.original(lines[...]) ?? Self.returnedMail(in: mail) ?? Self.answered(mail)
    }

    /// `<nobody@remote.test>:`, or an address that stands by itself.
    private static func recipient(_ lines: ArraySlice<String>) -> String? {
        for line in lines {
            let bare = line.trimmingCharacters(in: CharacterSet(charactersIn: "<>: \t\"'()*-"))
            if bare.contains("@"), !bare.contains(" "), let address = MailAddress(bare) { return address.description }
            if let match = line.firstMatch(of: /<([^<>\s@]{1,64}@[^<>\s@]{1,253})>/), let address = MailAddress(match.1) {
                return address.description
            }
        }
        return nil
    }

    private static func original(_ lines: ArraySlice<String>) -> String? {
        lines.lazy.compactMap { line -> String? in
            let line = line.drop { $0 == ">" || $0 == " " || $0 == "|" }
            guard line.prefix(11).lowercased() == "message-id:" else { return nil }
            return MessageIDs.first(Array(line.dropFirst(11).utf8))
        }.first
    }

    private static func returnedMail(in mail: MailPart) -> String? {
        MailReport.leaves(of: mail).lazy.filter(\.type.isMessage).compactMap { part in
            MailHeaders.read(part.bytes).headers["message-id"].flatMap { MessageIDs.first($0) }
        }.first
    }

    private static func answered(_ mail: MailPart) -> String? {
        mail.headers["in-reply-to"].flatMap { MessageIDs.first($0) } ?? mail.headers["references"].flatMap { MessageIDs.read($0).last }
    }

    private static let subjects = [
        "failure notice", "undeliver", "delivery status notification", "mail delivery", "returned mail", "delivery failure",
        "delivery has failed",
        "delivery failed", "failed delivery", "non-delivery", "nondeliverable", "could not be delivered", "message delayed", "delayed mail",
        "delivery delayed", "delivery report", "mail system error", "unzustellbar", "nicht zustellbar", "non remis", "échec de la remise",
        "no se puede entregar", "no entregado", "onbestelbaar", "non recapitabile", "mancato recapito", "nie można dostarczyć",
        "недоставлен",
        "kan niet worden bezorgd", "配信不能", "退信",
    ]
    private static let openings = [
        "this is the qmail-send program", "this message was created automatically by mail delivery software", "this is the mail system at",
        "could not be delivered", "wasn't able to deliver", "delivery to the following recipient", "had permanent fatal errors",
        "address(es) failed", "was not delivered", "couldn't be delivered", "undeliverable", "has not been delivered", "permanent failure",
    ]
    private static let copies = [
        "below this line is a copy", "this is a copy of the message", "this is a copy of your message", "original message",
        "original headers",
        "unsent message below", "message headers follow", "returned message", "message header follows", "copy of the original",
    ]
    private static let warnings = [
        "delayed", "warning: message", "still being retried", "will be retried", "not yet been delivered",
        "delivery attempts will continue",
        "still trying", "verzögert",
    ]
}
