internal import Foundation
internal import Parley

/// Reports in plain words, as qmail, Exim, old sendmails and appliances write them.
extension DeliveryReport {
    /// What is looked at.
    private static let lineLimit = 400
    private static let characterLimit = 32_768

    /// Nil for a mail that is no report: an answer by a machine may come from the empty path as well.
    init?(words text: String, mail: MailPart, trace: MailTrace, from: MailAddress?) {
        let subject = mail.headers.text("subject") ?? ""
        let failed = mail.headers["x-failed-recipients"].map { MailboxList($0).mailboxes.map(\.address.description) } ?? []
        let start = text.prefix(Self.characterLimit)
        let isFromDaemon = from.map(MailReport.isDaemon) == true
        let isNamed = Self.isNamed(subject)
        let opening = start.prefix(2_000).lowercased()
        let isTold = Self.openings.contains { opening.contains($0) }
        guard !failed.isEmpty || (isNamed && (isFromDaemon || trace.sender?.isEmpty == true)) || (isTold && isFromDaemon) else {
            return nil
        }

        let lines = start.split(separator: "\n", omittingEmptySubsequences: false).prefix(Self.lineLimit).map { line in
            line.trimmingCharacters(in: .whitespaces)
        }
        // Behind this line stands our own mail, which says nothing about its fate.
        let copy = lines.firstIndex(where: Self.beginsCopy) ?? lines.count
        let told = lines[..<copy]
        let status = told.lazy.compactMap(EnhancedStatus.first).first
        let isWarning = Self.warnings.contains { subject.lowercased().contains($0) || opening.contains($0) }
        let action: Action = isWarning ? .delayed : status.flatMap(EnhancedStatus.action) == .delivered ? .delivered : .failed
        let own = Set((mail.headers.all("to") + mail.headers.all("from")).flatMap { MailboxList($0).mailboxes.map(\.address.identity) })
        let addresses: [String?] = failed.isEmpty ? [Self.recipient(told, besides: own)] : failed
        let diagnostic = told.first { $0.contains(/\b[45][0-9]{2}[ -]/) }.map { String(HeaderText.oneLine($0).prefix(500)) }
        self.recipients = addresses.map { Recipient(address: $0, action: action, status: status, diagnostic: diagnostic) }
        let returned = Self.original(lines) ?? Self.returnedMail(in: mail)
        self.original = returned ?? Self.answered(mail)
        // Somebody at postmaster@ who answers us says nothing of a delivery, whatever the words.
        let isProven = !failed.isEmpty || status != nil || diagnostic != nil || returned != nil
        guard isProven || mail.headers["in-reply-to"] == nil else { return nil }
    }

    /// The phrase is what the subject says, not what it answers: `Automatic reply: Mail delivery of my order` is none.
    private static func isNamed(_ subject: String) -> Bool {
        guard !BaseSubject(subject).isReply else { return false }
        let words = subject.lowercased()
        return self.subjects.contains { phrase in
            guard let place = words.range(of: phrase) else { return false }
            let before = words[..<place.lowerBound].trimmingCharacters(in: .whitespaces)
            return !before.contains(":") || before.hasSuffix("warning:") || before.hasSuffix("***")
        }
    }

    /// `----- Original message -----`, `Original message headers:`, or the first of these; not `The original message was received at …`.
    private static func beginsCopy(_ line: String) -> Bool {
        let words = line.lowercased()
        if ["message-id:", "received:", "return-path:"].contains(where: { words.hasPrefix($0) }) { return true }
        guard self.copies.contains(where: { words.contains($0) }) else { return false }
        return line.hasPrefix("--") || line.hasSuffix("--") || line.hasSuffix(":") || line.hasSuffix(".")
    }

    /// `<nobody@remote.test>:`, or an address that stands by itself or before when it happened; else one in brackets. Never our own.
    private static func recipient(_ lines: ArraySlice<String>, besides own: Set<String>) -> String? {
        func other(_ text: some StringProtocol) -> String? {
            MailAddress(text).flatMap { own.contains($0.identity) ? nil : $0.description }
        }
        // Where in a sentence an address may begin and end; `MailAddress` says whether it is one.
        let marks = CharacterSet(charactersIn: "<>: \t\"'()*-")
        for line in lines {
            let words = line.split(separator: " ")
            guard let first = words.first, words.count == 1 || words[1] == "on" || first.hasSuffix(":") else { continue }
            if let address = other(first.trimmingCharacters(in: marks)) { return address }
        }
        for line in lines {
            if let match = line.firstMatch(of: /<([^<>\s@]{1,64}@[^<>\s@]{1,253})>/), let address = other(match.1) { return address }
        }
        for line in lines {
            let words = line.split(separator: " ").lazy.filter { $0.contains("@") }
            if let address = words.compactMap({ other($0.trimmingCharacters(in: marks.union(CharacterSet(charactersIn: ".,;")))) }).first {
                return address
            }
        }
        return nil
    }

    private static func original(_ lines: [String]) -> String? {
        for (index, line) in lines.enumerated() {
            let line = line.drop { $0 == ">" || $0 == " " || $0 == "|" }
            guard line.prefix(11).lowercased() == "message-id:" else { continue }
            let value = line.dropFirst(11)
            // The id may stand on a line of its own.
            let folded = value.allSatisfy(\.isWhitespace) && index + 1 < lines.count ? lines[index + 1][...] : value
            if let id = MessageIDs.first(Array(folded.utf8)) { return id }
        }
        return nil
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
        "недоставлен", "nicht zugestellt werden", "échec de remise", "échec de distribution", "impossible de remettre",
        "no se pudo entregar", "não foi possível entregar", "не может быть доставлен", "не доставлено", "teslim edilemedi",
        "kan niet worden bezorgd", "配信不能", "退信",
    ]
    private static let openings = [
        "this is the qmail-send program", "this message was created automatically by mail delivery software", "this is the mail system at",
        "could not be delivered", "wasn't able to deliver", "delivery to the following recipient", "had permanent fatal errors",
        "address(es) failed", "was not delivered", "couldn't be delivered", "undeliverable", "has not been delivered", "permanent failure",
        "nicht zugestellt werden", "n'a pas pu être remis", "did not reach", "no se ha podido entregar", "не удалось доставить",
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
