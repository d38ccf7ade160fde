import Channels
import Foundation
import HTTPTypes
import HummingbirdCore
import Parley
import Postgres

extension Response {
    /// Types that a browser only shows and never runs. Everything else is offered to be saved, text too: it may be HTML or SVG.
    private static let shown: Set = [
        "image/png", "image/jpeg", "image/gif", "image/webp", "audio/mpeg", "audio/ogg", "audio/wav", "video/mp4", "video/webm",
    ]

    /// A stored file, whoever sent it: nothing in it can act under our address.
    ///
    /// Source: RFC 6266 and RFC 8187 for the name; CSP level 3 for `sandbox`.
    static func file(_ bytes: [UInt8], type: String, filename: String?, maxAge: Int) -> Response {
        let isShown = self.shown.contains(type)
        var headers = HTTPFields()
        headers[HTTPField.Name("content-disposition")!] = self.disposition(isShown ? "inline" : "attachment", filename: filename)
        headers[HTTPField.Name("content-security-policy")!] =
            "default-src 'none'; img-src 'self'; media-src 'self'; style-src 'unsafe-inline'; sandbox"
        headers[HTTPField.Name("cross-origin-resource-policy")!] = "cross-origin"
        headers[HTTPField.Name("referrer-policy")!] = "no-referrer"
        headers[.cacheControl] = "private, max-age=\(maxAge), immutable"
        let isText = type == "text/plain"
        return .bytes(.ok, bytes, type: isText ? "text/plain; charset=utf-8" : type, headers: headers)
    }

    private static func disposition(_ kind: String, filename: String?) -> String {
        guard let filename, !filename.isEmpty else { return kind }
        let plain = String(filename.map { $0.isASCII && ($0.isLetter || $0.isNumber || " ._-".contains($0)) ? $0 : "_" })
        let encoded = filename.addingPercentEncoding(withAllowedCharacters: FileLinks.unreserved) ?? "file"
        return "\(kind); filename=\"\(plain)\"; filename*=UTF-8''\(encoded)"
    }
}
