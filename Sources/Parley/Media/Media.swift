/// A file that belongs to a message: at a provider's URL, or kept by us as an attachment.
package struct Media: Hashable, Sendable, Codable {
    /// Where it is; `/v1/attachments/{id}` for one of ours, which answers to the outside make absolute.
    package var url: String
    package var contentType: String?
    /// What the sender called it, where its bytes say otherwise.
    package var declaredType: String?
    package var filename: String?
    /// Bytes.
    package var size: Int64?
    /// The file in our own keeping; nil for one that is only linked.
    package var attachment: AttachmentID?
    /// Shown within the text rather than beside it.
    package var isInline: Bool
    /// What the HTML beside it names it by (`cid:`), without angle brackets. Source: RFC 2392.
    package var contentID: String?
    /// Of the bytes, in hex.
    package var sha256: String?
    /// What the provider calls it, until its bytes are fetched; never shown.
    package var reference: String?
    /// Why its bytes could not be had, in a fixed word (`not_found`, `too_large`).
    package var unavailable: String?

    package init(
        url: String,
        contentType: String? = nil,
        declaredType: String? = nil,
        filename: String? = nil,
        size: Int64? = nil,
        attachment: AttachmentID? = nil,
        isInline: Bool = false,
        contentID: String? = nil,
        sha256: String? = nil,
        reference: String? = nil,
        unavailable: String? = nil
    ) {
        self.url = url
        self.contentType = contentType
        self.declaredType = declaredType
        self.filename = filename
        self.size = size
        self.attachment = attachment
        self.isInline = isInline
        self.contentID = contentID
        self.sha256 = sha256
        self.reference = reference
        self.unavailable = unavailable
    }
}

extension Media {
    package var json: JSON {
        var members: [String: JSON] = ["url": .string(self.url)]
        members["contentType"] = self.contentType.map(JSON.string)
        members["declaredType"] = self.declaredType.map(JSON.string)
        members["filename"] = self.filename.map(JSON.string)
        members["size"] = self.size.map { .integer($0) }
        members["attachmentId"] = self.attachment.map { .string($0.description) }
        if self.isInline { members["inline"] = true }
        members["contentId"] = self.contentID.map(JSON.string)
        members["sha256"] = self.sha256.map(JSON.string)
        members["unavailable"] = self.unavailable.map(JSON.string)
        return .object(members)
    }

    /// Nil for what `json` never writes.
    package init?(json: JSON) {
        guard let url = json["url"]?.string else { return nil }
        self.init(
            url: url,
            contentType: json["contentType"]?.string,
            declaredType: json["declaredType"]?.string,
            filename: json["filename"]?.string,
            size: json["size"]?.int.map(Int64.init),
            attachment: json["attachmentId"]?.string.flatMap { AttachmentID($0) },
            isInline: json["inline"] == true,
            contentID: json["contentId"]?.string,
            sha256: json["sha256"]?.string,
            unavailable: json["unavailable"]?.string
        )
    }
}
