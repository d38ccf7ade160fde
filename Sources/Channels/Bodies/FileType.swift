internal import Foundation
package import Parley

/// What kind of file bytes are, told by the bytes themselves: what a sender declares may be a lie that a browser would act upon.
///
/// Source: WHATWG MIME Sniffing, sections 6 and 7.1.
package enum FileType {
    /// - Parameter declared: taken where the bytes say nothing and it is harmless.
    package static func sniffed(_ bytes: [UInt8], declared: String?) -> String {
        if let known = self.known(bytes) { return known }
        let isText = !bytes.prefix(1_024).contains { $0 < 0x09 || (0x0e...0x1a).contains($0) || (0x1c...0x1f).contains($0) }
        let declared = declared?.lowercased().trimmingCharacters(in: .whitespaces) ?? ""
        guard declared.wholeMatch(of: /[a-z0-9][a-z0-9.+-]{0,60}\/[a-z0-9][a-z0-9.+-]{0,60}/) != nil else {
            return isText ? "text/plain" : "application/octet-stream"
        }
        // What a browser would run is never believed, only seen.
        let isActive = ["text/html", "application/xhtml+xml", "image/svg+xml", "text/javascript", "application/javascript"].contains(
            declared
        )
        if isActive { return isText ? "text/plain" : "application/octet-stream" }
        return declared
    }

    private static func known(_ bytes: [UInt8]) -> String? {
        for (offset, magic, type) in self.magics where bytes.dropFirst(offset).starts(with: magic) { return type }
        guard bytes.starts(with: Array("RIFF".utf8)) else { return nil }
        switch Array(bytes.dropFirst(8).prefix(4)) {
        case Array("WEBP".utf8): return "image/webp"
        case Array("WAVE".utf8): return "audio/wav"
        default: return nil
        }
    }

    private static let magics: [(offset: Int, magic: [UInt8], type: String)] = [
        (0, [0x89] + Array("PNG\r\n".utf8), "image/png"), (0, [0xff, 0xd8, 0xff], "image/jpeg"), (0, Array("GIF8".utf8), "image/gif"),
        (0, Array("%PDF-".utf8), "application/pdf"), (0, Array("OggS".utf8), "audio/ogg"), (0, Array("ID3".utf8), "audio/mpeg"),
        (4, Array("ftyp".utf8), "video/mp4"), (0, [0x1f, 0x8b, 0x08], "application/gzip"), (0, [0x1a, 0x45, 0xdf, 0xa3], "video/webm"),
    ]
}

extension AttachmentFile {
    /// A file as it came from outside.
    package init(received bytes: [UInt8], declaredType: String?, filename: String?) {
        let last = filename?.split(whereSeparator: { $0 == "/" || $0 == "\\" }).last.map(String.init) ?? ""
        let clean = String(String.UnicodeScalarView(last.unicodeScalars.filter { $0.value >= 0x20 && $0.value != 0x7f })).prefix(200)
        self.init(
            sha256: Crypto.sha256(bytes),
            contentType: FileType.sniffed(bytes, declared: declaredType),
            declaredType: declaredType,
            filename: clean.isEmpty || clean.allSatisfy { $0 == "." } ? nil : String(clean),
            bytes: bytes
        )
    }
}
