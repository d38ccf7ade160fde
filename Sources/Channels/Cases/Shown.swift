internal import Foundation
package import Parley

// What adapters make of things, as JSON in the words of adapter files: for cases and for `parley adapters try`.

extension Received {
    package var shown: JSON {
        guard let wouldRefuse, var shown = self.reception.shown.object else { return self.reception.shown }
        shown["would_refuse"] = .string(wouldRefuse)
        return .object(shown)
    }
}

extension Reception {
    fileprivate var shown: JSON {
        switch self {
        case .refused(let code, let detail): return ["refused": .string(code), "detail": .string(detail)]
        case .notFound: return ["refused": "not_found"]
        case .methodNotAllowed(let methods): return ["refused": "method_not_allowed", "allow": .array(methods.map { .string($0) })]
        case .tooLarge: return ["refused": "too_large"]
        case .answered(let answer): return ["answer": answer.shown]
        case .quarantined(let reason, let answer): return ["quarantined": true, "detail": .string(reason), "answer": answer.shown]
        case .ignored(_, let answer): return Self.shown([], answer)
        case .accepted(let events, let answer, _): return Self.shown(events, answer)
        }
    }
}

extension Reception {
    private static func shown(_ events: [InboundEvent], _ answer: HookAnswer) -> JSON {
        var shown: [String: JSON] = ["answer": answer.shown, "ignored": .bool(events.isEmpty)]
        for (name, event) in events.map(\.shown) { shown[name] = .array((shown[name]?.array ?? []) + [event]) }
        return .object(shown)
    }
}

extension HookAnswer {
    fileprivate var shown: JSON {
        ["status": .integer(self.status), "headers": .object(self.headers.mapValues { .string($0) }), "body": .string(self.body)]
    }
}

extension InboundEvent {
    /// Under which name, and what.
    fileprivate var shown: (String, JSON) {
        switch self {
        case .message(let message): ("messages", message.shown)
        case .edit(let edit):
            ("edits", .present(["id": edit.externalID, "revision": edit.revision, "text": edit.text, "thread": edit.thread]))
        case .deletion(let deletion): ("deletions", .present(["id": deletion.externalID, "thread": deletion.thread]))
        case .receipt(let receipt):
            (
                "receipts",
                .present(["id": receipt.externalID, "status": receipt.status.rawValue, "code": receipt.code, "detail": receipt.detail])
            )
        case .interaction(let interaction):
            (
                "interactions",
                .present(
                    [
                        "id": interaction.externalID, "type": interaction.type, "from": interaction.from.value,
                        "space": interaction.from.space.rawValue,
                    ],
                    ["fields": .object(interaction.fields.mapValues { .string($0) })]
                )
            )
        }
    }
}

extension InboundMessage {
    fileprivate var shown: JSON {
        let media = self.media.map { media in
            JSON.present(
                [
                    "url": media.reference == nil ? media.url : nil, "ref": media.reference, "type": media.contentType,
                    "name": media.filename, "unavailable": media.unavailable,
                ],
                media.size.map { ["size": .integer($0)] } ?? [:]
            )
        }
        return .present(
            [
                "id": self.externalID, "from": self.from.value, "space": self.from.space.rawValue, "name": self.fromName, "to": self.to,
                "text": self.text, "thread": self.thread, "reply_to": self.replyTo, "in_reply_to": self.inReplyTo,
                "opt_out": self.optOut?.rawValue, "at": self.sentAt.map { $0.formatted(.iso8601) },
            ],
            ["media": .array(media), "automatic": .bool(self.isAutomatic)]
        )
    }
}

extension Rendering {
    package var shown: JSON {
        ["requests": .array(self.parts.map(\.shown)), "degradations": .array(self.degradations.map { .string($0) })]
    }
}

extension ProviderRequest {
    fileprivate var shown: JSON {
        switch self {
        case .http(let request): request.shown
        case .mail(let request):
            [
                "url": .string(request.url), "sender": .string(request.sender), "recipient": .string(request.recipient),
                "message": .string(String(decoding: request.message, as: UTF8.self)),
            ]
        case .kept: ["kept": true]
        case .step(let request, let number): .object((request.shown.object ?? [:]).merging(["step": .integer(number)]) { $1 })
        case .later: ["later": true]
        }
    }
}

extension MediaStep {
    var shown: JSON { ["request": self.call.shown, "last": .bool(self.isLast)] }
}

extension StepOutcome {
    var shown: JSON {
        switch self {
        case .done(let value): ["done": value]
        case .failed(let outcome): outcome.shown
        }
    }
}

extension Poll {
    var shown: JSON {
        switch self.request {
        case .http(let call): call.shown
        case .mailbox(let mailbox): ["url": .string(mailbox.url), "mailbox": .string(mailbox.mailbox)]
        }
    }
}

extension PollAnswer {
    var shown: JSON {
        switch self {
        case .read(let cursor, let isMore): ["cursor": cursor ?? .null, "more": .bool(isMore)]
        case .failed(let reason, let after): .present(["failed": reason], after.map { ["after": .number("\($0)")] } ?? [:])
        }
    }
}

extension HTTPCall {
    fileprivate var shown: JSON {
        var shown: [String: JSON] = [
            "method": .string(self.method), "url": .string(self.url), "headers": .object(self.headers.mapValues { .string($0) }),
        ]
        let type = self.headers["content-type"] ?? ""
        if type.hasPrefix("application/json"), let json = try? JSON(parsing: self.body) {
            shown["json"] = json
        } else if type.hasPrefix("application/x-www-form-urlencoded"), let fields = FormBody.parse(self.body) {
            let values = Dictionary(grouping: fields, by: \.name).mapValues { $0.map { JSON.string($0.value) } }
            shown["form"] = .object(values.mapValues { $0.count == 1 ? $0[0] : .array($0) })
        } else {
            shown["body"] = .string(String(decoding: self.body, as: UTF8.self))
        }
        return .object(shown)
    }
}

extension SendOutcome {
    package var shown: JSON {
        switch self {
        case .accepted(let id): ["accepted": id.map { .string($0) } ?? true]
        case .retry(let reason, let after): .present(["retry": reason.rawValue], after.map { ["after": .number("\($0)")] } ?? [:])
        case .refused(let reason, let code, let detail): .present(["refused": reason.rawValue, "code": code, "detail": detail])
        case .ambiguous(let reason): ["ambiguous": .string(reason)]
        }
    }
}

extension JSON {
    /// An object of the members that are there.
    fileprivate static func present(_ texts: [String: String?], _ more: [String: JSON] = [:]) -> JSON {
        .object(texts.compactMapValues { $0.map { .string($0) } }.merging(more) { $1 })
    }
}
