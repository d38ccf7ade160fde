extension InboundEvent {
    /// The same event with U+FFFD for each NUL in what people wrote: PostgreSQL has no NUL in text, and a message must not be lost for one.
    /// Ids stay as they are, for another id would name another thing.
    var withoutNULs: InboundEvent {
        switch self {
        case .message(var message):
            message.text = message.text.withoutNULs
            message.fromName = message.fromName?.withoutNULs
            message.replyTo = message.replyTo?.withoutNULs
            message.media = message.media.map(\.withoutNULs)
            message.subject = message.subject?.withoutNULs
            message.html = message.html?.withoutNULs
            message.fullText = message.fullText?.withoutNULs
            return .message(message)
        case .edit(var edit):
            edit.text = edit.text.withoutNULs
            return .edit(edit)
        case .interaction(var interaction):
            let fields = interaction.fields.map { ($0.key.withoutNULs, $0.value.withoutNULs) }
            interaction.fields = Dictionary(fields) { first, _ in first }
            interaction.type = interaction.type.withoutNULs
            return .interaction(interaction)
        case .receipt(var receipt):
            receipt.code = receipt.code?.withoutNULs
            receipt.detail = receipt.detail?.withoutNULs
            return .receipt(receipt)
        case .deletion: return self
        }
    }
}

extension Media {
    fileprivate var withoutNULs: Media {
        var media = self
        media.url = self.url.withoutNULs
        media.contentType = self.contentType?.withoutNULs
        media.filename = self.filename?.withoutNULs
        media.contentID = self.contentID?.withoutNULs
        return media
    }
}

extension String {
    fileprivate var withoutNULs: String {
        self.utf8.contains(0) ? String(self.map { $0 == "\0" ? "\u{FFFD}" : $0 }) : self
    }
}
