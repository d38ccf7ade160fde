import Foundation

/// The bytes of a file on their way into or out of our keeping.
package struct AttachmentFile: Hashable, Sendable {
    package var id: AttachmentID
    /// As the bytes themselves say, whatever the sender declared.
    package var contentType: String
    /// What the sender declared; nil when nothing.
    package var declaredType: String?
    /// Made safe: no directory, no control character.
    package var filename: String?
    /// 32 bytes.
    package var sha256: [UInt8]
    package var bytes: [UInt8]

    package init(sha256: [UInt8], contentType: String, declaredType: String? = nil, filename: String? = nil, bytes: [UInt8]) {
        self.id = AttachmentID(sha256: sha256)
        self.contentType = contentType
        self.declaredType = declaredType
        self.filename = filename
        self.sha256 = sha256
        self.bytes = bytes
    }

    /// What the sender declared, where the bytes say otherwise (B50).
    package var mismatch: String? {
        guard let declared = self.declaredType?.lowercased(), !declared.isEmpty, declared != "application/octet-stream",
            declared != self.contentType
        else { return nil }
        return declared
    }

    /// How a message names it.
    package func media(isInline: Bool = false, contentID: String? = nil) -> Media {
        Media(
            url: "/v1/attachments/\(self.id)",
            contentType: self.contentType,
            declaredType: self.mismatch,
            filename: self.filename,
            size: Int64(self.bytes.count),
            attachment: self.id,
            isInline: isInline,
            contentID: contentID,
            sha256: self.sha256.map { byte in
                let digits = String(byte, radix: 16)
                return digits.count == 1 ? "0\(digits)" : digits
            }.joined()
        )
    }
}

extension AttachmentID {
    /// The id of the file with this digest: the same bytes are the same attachment, however often they come.
    ///
    /// - Parameter sha256: 32 bytes, of which the first 16 count.
    ///
    /// Source: RFC 9562 section 5.8 (UUIDv8).
    package init(sha256: [UInt8]) {
        var bytes = Array(sha256.prefix(16)) + [UInt8](repeating: 0, count: max(0, 16 - sha256.count))
        bytes[6] = 0x80 | (bytes[6] & 0x0f)
        bytes[8] = 0x80 | (bytes[8] & 0x3f)
        self.init(bytes.withUnsafeBytes { UUID(uuid: $0.loadUnaligned(as: uuid_t.self)) })
    }
}
