internal import Foundation
package import Parley

/// What a mail became, as JSON: for `parley adapters try email`.
extension IncomingMail {
    /// Reads a mail from a file, where its envelope is what its Return-Path and To say.
    package static func shown(_ bytes: [UInt8]) -> JSON {
        do { return try IncomingMail(bytes).shown } catch {
            return ["rejected": true, "code": .string(error.code.rawValue), "detail": .string(error.detail)]
        }
    }

    private var shown: JSON {
        func addresses(_ list: [MailboxList.Mailbox]) -> JSON { .array(list.map { .string($0.address.description) }) }
        func text(_ value: String?) -> JSON { value.map { .string($0) } ?? .null }
        guard let from else { return ["rejected": true, "code": "no_sender", "detail": "nobody it is from"] }
        let tags = (self.trace.recipients + (self.to + self.cc).map(\.address)).compactMap(\.tag)
        return [
            "from": ["name": .string(from.name), "address": .string(from.address.description)],
            "to": addresses(self.to),
            "cc": addresses(self.cc),
            "reply_to": text(self.replyTo?.address.description),
            "subject": .string(self.subject),
            "message_id": text(self.messageID),
            "in_reply_to": text(self.inReplyTo),
            "references": .array(self.references.map { .string($0) }),
            "date": text(self.date?.formatted(.iso8601)),
            "visible_text": .string(self.visibleText),
            "full_text": .string(self.text),
            "has_html": .bool(self.body.html != nil),
            "attachments": .array(self.body.files.map(Self.shown)),
            "auto_submitted": .string(self.autoSubmitted),
            "suppress_auto_reply": .bool(self.suppressesAutoReply),
            "list": .bool(self.isList),
            "bounce": self.shownBounce,
            "rcpt_tag": text(tags.first),
        ]
    }

    private static func shown(_ file: MailBody.File) -> JSON {
        [
            "filename": file.file.filename.map { .string($0) } ?? .null,
            "content_type": .string(file.file.contentType),
            "size": .integer(Int64(file.file.bytes.count)),
            "sha256": .string(Hex.encode(file.file.sha256)),
            "inline": .bool(file.isInline),
            "content_id": file.contentID.map { .string($0) } ?? .null,
        ]
    }

    private var shownBounce: JSON {
        guard case .delivery(let report)? = self.report else { return .null }
        func shown(_ recipient: DeliveryReport.Recipient) -> [String: JSON] {
            [
                "action": .string(recipient.action.rawValue),
                "status": recipient.status.map { .string($0) } ?? .null,
                "recipient": recipient.address.map { .string($0) } ?? .null,
            ]
        }
        var members = shown(report.main)
        members["original_message_id"] = report.original.map { .string($0) } ?? .null
        members["recipients"] = .array(report.recipients.map { .object(shown($0)) })
        return .object(members)
    }
}
