internal import Foundation
internal import Parley

/// Reads what the event expressions of a route yield.
struct EventReader {
    let kind: String

    func event(_ event: Declaration.EventKind, from value: JSON) throws(ResultReader.Problem) -> InboundEvent {
        var reader = try ResultReader(value)
        let result: InboundEvent =
            switch event {
            case .inbound: .message(try self.message(&reader))
            case .edit:
                .edit(
                    InboundEdit(
                        externalID: try reader.needed("id"),
                        revision: try reader.needed("revision"),
                        text: try reader.text("text") ?? "",
                        at: reader.date("at"),
                        thread: try reader.key("thread"),
                        from: try self.author(&reader)
                    )
                )
            case .deletion:
                .deletion(
                    InboundDeletion(
                        externalID: try reader.needed("id"),
                        thread: try reader.key("thread"),
                        from: try self.author(&reader)
                    )
                )
            case .receipt: .receipt(try self.receipt(&reader))
            case .interaction: .interaction(try self.interaction(&reader))
            }
        try reader.finish()
        return result
    }

    private func message(_ reader: inout ResultReader) throws(ResultReader.Problem) -> InboundMessage {
        InboundMessage(
            externalID: try reader.key("id"),
            from: try self.sender(&reader),
            fromName: try reader.text("name"),
            to: try reader.text("to"),
            text: try reader.text("text") ?? "",
            media: try self.media(try reader.list("media")),
            thread: try reader.key("thread"),
            replyTo: try reader.key("reply_to"),
            inReplyTo: try reader.key("in_reply_to"),
            sentAt: reader.date("at"),
            optOut: try reader.word("opt_out", of: OptOut.self),
            isAutomatic: try reader.flag("automatic")
        )
    }

    /// `from` is the address; `space` says where it lives when that is not the adapter's kind itself.
    private func sender(_ reader: inout ResultReader) throws(ResultReader.Problem) -> Address {
        Address(space: AddressSpace(rawValue: try reader.key("space") ?? self.kind), value: try reader.needed("from"))
    }

    /// Of what is changed; nil when the change does not say.
    private func author(_ reader: inout ResultReader) throws(ResultReader.Problem) -> Address? {
        let space = try reader.key("space")
        return try reader.key("from").map { Address(space: AddressSpace(rawValue: space ?? self.kind), value: $0) }
    }

    private func media(_ items: [JSON]) throws(ResultReader.Problem) -> [Media] {
        var media: [Media] = []
        for item in items {
            var reader = try ResultReader(item)
            let (url, reference) = (try reader.text("url"), try reader.text("ref"))
            guard (url == nil) != (reference == nil) else { throw .init(detail: "'media' holds one without a 'url' or a 'ref'") }
            let size = reader.value("size")?.int.map { Int64($0) }
            let isShowable = url.map(Self.isShowable) ?? true
            media.append(
                Media(
                    url: isShowable ? url ?? "" : "",
                    contentType: try reader.text("type"),
                    filename: try reader.text("name"),
                    size: size,
                    reference: reference,
                    unavailable: isShowable ? nil : "scheme_not_allowed"
                )
            )
            try reader.finish()
        }
        return media
    }

    /// Whether it is a URL that a page can make a link of: a signature vouches for the provider, not for what a person put in (`javascript:`).
    private static func isShowable(_ url: String) -> Bool { url.prefixMatch(of: /(?i:https?):\/\/[^\/?#\s]/) != nil }

    private func receipt(_ reader: inout ResultReader) throws(ResultReader.Problem) -> Receipt {
        guard let status = try reader.word("status", of: ReceiptStatus.self) else { throw .init(detail: "'status' is missing") }
        return Receipt(
            externalID: try reader.needed("id"),
            status: status,
            code: try reader.text("code"),
            detail: try reader.text("detail")
        )
    }

    private func interaction(_ reader: inout ResultReader) throws(ResultReader.Problem) -> Interaction {
        let fields = (reader.value("fields")?.object ?? [:]).compactMapValues { value -> String? in
            if case .number(let text) = value { return text }
            return value.string?.replacing("\u{0}", with: "\u{FFFD}")
        }
        return Interaction(
            externalID: try reader.key("id"),
            type: try reader.needed("type"),
            from: try self.sender(&reader),
            fields: fields
        )
    }
}
