internal import Foundation
package import Parley

/// What a file is, as its first bytes say.
///
/// Source: mimesniff.spec.whatwg.org section 6, and the formats that come by mail.
package enum FileType {
    /// - Parameter declared: what the sender says; it holds where the bytes say nothing, and where they agree with it in kind.
    package static func sniff(_ bytes: [UInt8], declared: String?) -> String {
        let declared = declared.flatMap { $0.isEmpty ? nil : $0 } ?? "application/octet-stream"
        guard let found = self.signature(of: bytes) else {
            // A page that calls itself a picture must not be shown as one, nor run as one.
            let isMarkup = self.looksLikeMarkup(bytes)
            let claimsMedia = ["image/", "audio/", "video/", "font/"].contains { declared.hasPrefix($0) } && declared != "image/svg+xml"
            if isMarkup && claimsMedia { return "text/html" }
            // A picture whose bytes are those of none is none (B50).
            return self.pictures.contains(declared) ? "application/octet-stream" : declared
        }
        // Office files and others are containers; what the sender says of the inside is all there is to know.
        let container = ["application/zip", "application/x-ole-storage", "application/gzip"].contains(found)
        if container, declared != "application/octet-stream", !["image/", "audio/", "video/", "text/"].contains(where: declared.hasPrefix) {
            return declared
        }
        return found
    }

    /// Pictures whose first bytes are known here.
    private static let pictures: Set<String> = [
        "image/png", "image/jpeg", "image/jpg", "image/gif", "image/webp", "image/bmp", "image/tiff", "image/heic", "image/avif",
    ]

    private static func signature(of bytes: [UInt8]) -> String? {
        let start = bytes.prefix(16)
        for (type, magic) in self.magics where start.starts(with: magic) { return type }
        if start.starts(with: "RIFF".utf8), start.count >= 12 {
            switch String(decoding: start[8..<12], as: UTF8.self) {
            case "WEBP": return "image/webp"
            case "WAVE": return "audio/wav"
            case "AVI ": return "video/avi"
            default: return nil
            }
        }
        if start.count >= 12, start[4..<8].elementsEqual("ftyp".utf8) {
            switch String(decoding: start[8..<12], as: UTF8.self) {
            case "heic", "heix", "mif1": return "image/heic"
            case "avif": return "image/avif"
            case "M4A ": return "audio/mp4"
            case "qt  ": return "video/quicktime"
            default: return "video/mp4"
            }
        }
        // Two letters begin many a text; the reserved bytes of a bitmap are none.
        if start.starts(with: "BM".utf8), start.count >= 10, start[6..<10].allSatisfy({ $0 == 0 }) { return "image/bmp" }
        return nil
    }

    private static let magics: [(String, [UInt8])] = [
        ("image/png", [0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]), ("image/jpeg", [0xff, 0xd8, 0xff]),
        ("image/gif", Array("GIF87a".utf8)), ("image/gif", Array("GIF89a".utf8)), ("image/tiff", [0x49, 0x49, 0x2a, 0x00]),
        ("image/tiff", [0x4d, 0x4d, 0x00, 0x2a]), ("image/x-icon", [0x00, 0x00, 0x01, 0x00]), ("application/pdf", Array("%PDF-".utf8)),
        ("application/zip", [0x50, 0x4b, 0x03, 0x04]), ("application/zip", [0x50, 0x4b, 0x05, 0x06]),
        ("application/gzip", [0x1f, 0x8b, 0x08]),
        ("application/x-7z-compressed", [0x37, 0x7a, 0xbc, 0xaf, 0x27, 0x1c]),
        ("application/vnd.rar", [0x52, 0x61, 0x72, 0x21, 0x1a, 0x07]),
        ("application/x-ole-storage", [0xd0, 0xcf, 0x11, 0xe0, 0xa1, 0xb1, 0x1a, 0xe1]), ("application/ms-tnef", [0x78, 0x9f, 0x3e, 0x22]),
        ("audio/mpeg", Array("ID3".utf8)), ("audio/ogg", Array("OggS".utf8)), ("audio/flac", Array("fLaC".utf8)),
        ("audio/amr", Array("#!AMR".utf8)), ("video/webm", [0x1a, 0x45, 0xdf, 0xa3]), ("application/rtf", Array("{\\rtf".utf8)),
        ("application/x-elf", [0x7f, 0x45, 0x4c, 0x46]),
    ]

    private static func looksLikeMarkup(_ bytes: [UInt8]) -> Bool {
        let start = String(decoding: bytes.prefix(512), as: UTF8.self).drop { $0.isWhitespace || $0 == "\u{feff}" }.lowercased()
        return ["<!doctype html", "<html", "<script", "<head", "<body", "<svg", "<iframe", "<?xml"].contains { start.hasPrefix($0) }
    }

    /// The same for files whose sender nobody vouches for: what a browser would run is never believed, only seen.
    package static func harmless(_ bytes: [UInt8], declared: String?) -> String {
        let isText = !bytes.prefix(1_024).contains { $0 < 0x09 || (0x0e...0x1a).contains($0) || (0x1c...0x1f).contains($0) }
        let fallback = isText ? "text/plain" : "application/octet-stream"
        let declared = declared?.lowercased().trimmingCharacters(in: .whitespaces)
        let isType = declared?.wholeMatch(of: /[a-z0-9][a-z0-9.+-]{0,60}\/[a-z0-9][a-z0-9.+-]{0,60}/) != nil
        // A picture whose bytes are those of none is none (B50).
        let isNoPicture = declared?.hasPrefix("image/") == true && self.signature(of: bytes) == nil
        let type = self.sniff(bytes, declared: isType && !isNoPicture ? declared : fallback)
        return self.active.contains(type) ? fallback : type
    }

    private static let active: Set<String> = [
        "text/html", "application/xhtml+xml", "image/svg+xml", "text/javascript", "application/javascript", "text/xml", "application/xml",
    ]
}

extension AttachmentFile {
    /// A file as it came from outside.
    package init(received bytes: [UInt8], declaredType: String?, filename: String?) {
        self.init(
            sha256: Crypto.sha256(bytes),
            contentType: FileType.harmless(bytes, declared: declaredType),
            declaredType: declaredType,
            filename: filename.flatMap(FileName.safe),
            bytes: bytes
        )
    }
}
