package import Foundation
internal import Parley

/// Everything that a mail says, read once.
package struct IncomingMail: Sendable {
    package let headers: MailHeaders
    package let body: MailBody
    package let trace: MailTrace
    /// Whom it is from. Nil when neither the mail nor its envelope has an address.
    package let from: MailboxList.Mailbox?
    /// From is there once and names one mailbox; anything else proves nothing (B92).
    package let hasOneSender: Bool
    package let to: [MailboxList.Mailbox]
    package let cc: [MailboxList.Mailbox]
    package let replyTo: MailboxList.Mailbox?
    /// In one line; empty when there is none.
    package let subject: String
    package let messageID: String?
    package let inReplyTo: String?
    /// Oldest first, as the field has them.
    package let references: [String]
    package let date: Date?
    package let report: MailReport?
    /// The new words alone.
    package let visibleText: String
    /// All of it.
    package let text: String
    /// The same for the same mail however often and by whichever way it comes: transit writes none of what goes into it. 32 bytes.
    package let digest: [UInt8]

    /// - Throws: when it would cost more than a mail may (B88–B91); nothing has been built of it then.
    package init(_ bytes: [UInt8], trace: MailTrace = MailTrace()) throws(MailRefusal) {
        let bytes = (0...bytes.count).contains(trace.length) ? Array(bytes[trace.length...]) : bytes
        try MailScanner.check(bytes)
        let part = MailReader.read(bytes)
        let headers = part.headers
        self.headers = headers
        var trace = trace
        if trace.sender == nil, let path = headers["return-path"] { trace.sender = Self.path(path) }
        self.trace = trace

        let authors = headers.all("from").map { MailboxList($0).mailboxes }
        self.hasOneSender = authors.count == 1 && authors[0].count == 1
        self.from =
            authors.lazy.compactMap(\.first).first
            ?? headers["sender"].flatMap { MailboxList($0).mailboxes.first }
            ?? trace.sender.flatMap { MailAddress($0) }.map { MailboxList.Mailbox(name: "", address: $0) }
        self.to = headers.all("to").flatMap { MailboxList($0).mailboxes }
        self.cc = headers.all("cc").flatMap { MailboxList($0).mailboxes }
        self.replyTo = headers["reply-to"].flatMap { MailboxList($0).mailboxes.first }
        let label = MailReport.leaves(of: part).lazy.compactMap { $0.type.parameters["charset"] }.first
        self.subject = headers["subject"].map { HeaderText.decode($0, label: label) } ?? ""
        self.messageID = headers["message-id"].flatMap { MessageIDs.first($0) }
        self.inReplyTo = headers["in-reply-to"].flatMap { MessageIDs.first($0) }
        self.references = headers["references"].map { MessageIDs.read($0) } ?? []
        self.date = headers["date"].flatMap { MailDate.read($0) }

        let body = MailBody(part)
        self.body = body
        self.text = body.text
        self.report = MailReport(part, text: body.text, trace: trace, from: self.from?.address)
        let prefix = BaseSubject(self.subject)
        let answers = prefix.isReply || self.inReplyTo != nil || !self.references.isEmpty
        let kind: VisibleText.Kind = prefix.isForward ? .forward : answers ? .answer : .new
        let visible = VisibleText.of(marked: Self.markedText(body.pieces, in: kind), in: kind)
        self.visibleText = self.report == nil ? visible : body.text.trimmingCharacters(in: .whitespacesAndNewlines)
        self.digest = Self.digest(headers, of: bytes)
    }

    /// Piece by piece: a list's footer in plain text leaves the quotations of a page above it what they are.
    private static func markedText(_ pieces: [MailBody.Piece], in kind: VisibleText.Kind) -> String {
        let texts = pieces.map { piece in
            piece.plain.map(HTMLText.unmarked) ?? HTMLText.markedText(of: piece.html ?? "", in: kind)
        }
        return texts.filter { !$0.isEmpty }.joined(separator: "\n\n")
    }

    /// The address between the brackets of a Return-Path, which is empty for a report.
    private static func path(_ field: [UInt8]) -> String {
        let text = String(decoding: field, as: UTF8.self).trimmingCharacters(in: .whitespaces)
        return String(text.drop { $0 == "<" }.prefix { $0 != ">" })
    }

    private static func digest(_ headers: MailHeaders, of bytes: [UInt8]) -> [UInt8] {
        var content: [UInt8] = []
        for name in ["from", "to", "subject", "date", "message-id", "content-type"] { content += (headers[name] ?? []) + [0x0a] }
        let start = MailHeaders.read(bytes).body
        content.reserveCapacity(content.count + bytes.count - start)
        content.append(contentsOf: bytes[start...].lazy.filter { $0 != 0x0d })
        return Crypto.sha256(content)
    }
}
