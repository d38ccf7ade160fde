package import Foundation
internal import Parley

/// Signs mails in the name of a domain, so that its receivers can tell them from forged ones.
///
/// Source: RFC 6376 (relaxed/relaxed, rsa-sha256), RFC 8463 (ed25519-sha256).
package struct DKIMSigner: Sendable {
    package let domain: String
    package let selector: String
    private let pem: String

    /// Signed where present; From twice over, so that a second one cannot be put in front (RFC 6376 section 8.15).
    private static let signed = [
        "from", "from", "reply-to", "subject", "date", "to", "message-id", "in-reply-to", "references", "mime-version", "content-type",
        "content-transfer-encoding", "auto-submitted", "list-unsubscribe", "list-unsubscribe-post",
    ]

    /// Nil when the key is none that can sign, or the names are none that DNS could hold.
    package init?(domain: String, selector: String, key pem: String) {
        guard [domain, selector].allSatisfy({ $0.wholeMatch(of: /[A-Za-z0-9_-]+(\.[A-Za-z0-9_-]+)*/) != nil }), SigningKey(pem: pem) != nil
        else { return nil }
        self.domain = domain
        self.selector = selector
        self.pem = pem
    }

    /// - Parameter message: header and body with CR LF.
    /// - Returns: the message with one more header in front.
    package func sign(_ message: [UInt8], at date: Date) throws(Crypto.Failure) -> [UInt8] {
        guard let key = SigningKey(pem: self.pem) else { throw Crypto.Failure(call: "PEM_read_bio_PrivateKey") }
        let parts = Self.split(message)
        let bodyHash = Base64.encode(Crypto.sha256(Self.relaxed(body: parts.body)))
        var left = parts.fields
        var names: [String] = []
        var input: [UInt8] = []
        for name in Self.signed {
            // Of several the last counts first (RFC 6376 section 5.4.2); one that is not there is signed as absent.
            let index = left.lastIndex { $0.name == name }
            guard index != nil || name == "from" else { continue }
            names.append(name)
            if let index { input += left.remove(at: index).relaxed + [0x0d, 0x0a] }
        }
        let tags = [
            "v=1", "a=\(key.kind == .rsa ? "rsa" : "ed25519")-sha256", "c=relaxed/relaxed", "d=\(self.domain)", "s=\(self.selector)",
            "t=\(Int64(date.timeIntervalSince1970))", "h=\(names.joined(separator: ":"))", "bh=\(bodyHash)", "b=",
        ]
        input += Array("dkim-signature:\(tags.joined(separator: "; "))".utf8)
        let signature = try key.signature(of: key.kind == .rsa ? input : Crypto.sha256(input))
        return Array(Self.field(tags, Base64.encode(signature)).utf8) + message
    }

    // MARK: - Canonical forms

    private struct Field {
        /// Lower case.
        var name: String
        var relaxed: [UInt8]
    }

    private static func split(_ message: [UInt8]) -> (fields: [Field], body: ArraySlice<UInt8>) {
        var fields: [Field] = []
        var rest = message[...]
        while let first = rest.first, first != 0x0d {
            var end = rest.startIndex
            // A field ends where the next line does not start with a blank.
            repeat {
                end = rest[end...].firstIndex(of: 0x0a).map { $0 + 1 } ?? rest.endIndex
            } while end < rest.endIndex && (rest[end] == 0x20 || rest[end] == 0x09)
            if let colon = rest[..<end].firstIndex(of: UInt8(ascii: ":")) {
                let name = String(decoding: rest[..<colon], as: UTF8.self).trimmingCharacters(in: .whitespaces).lowercased()
                let value = Self.words(rest[(colon + 1)..<end].filter { $0 != 0x0d && $0 != 0x0a })
                fields.append(Field(name: name, relaxed: Array("\(name):".utf8) + value))
            }
            rest = rest[end...]
        }
        return (fields, rest.dropFirst(2))
    }

    /// Runs of blanks become one; none stands at either end.
    private static func words(_ bytes: some Sequence<UInt8>) -> [UInt8] {
        var out: [UInt8] = []
        var isBlank = false
        for byte in bytes {
            if byte == 0x20 || byte == 0x09 {
                isBlank = true
            } else {
                if isBlank, !out.isEmpty { out.append(0x20) }
                isBlank = false
                out.append(byte)
            }
        }
        return out
    }

    /// Source: RFC 6376 section 3.4.4.
    private static func relaxed(body: ArraySlice<UInt8>) -> [UInt8] {
        var out: [UInt8] = []
        out.reserveCapacity(body.count)
        var isBlank = false
        var kept = 0  // up to the last line that is not empty
        for byte in body where byte != 0x0d {
            switch byte {
            case 0x20, 0x09: isBlank = true
            case 0x0a:
                isBlank = false
                let isEmpty = out.isEmpty || out.last == 0x0a
                out += [0x0d, 0x0a]
                if !isEmpty { kept = out.count }
            default:
                if isBlank { out.append(0x20) }
                isBlank = false
                out.append(byte)
            }
        }
        if let last = out.last, last != 0x0a {
            out += [0x0d, 0x0a]
            kept = out.count
        }
        return Array(out.prefix(kept))
    }

    /// One tag or 72 characters of the signature a line: white space may stand between tags, and within `b`.
    private static func field(_ tags: [String], _ signature: String) -> String {
        var lines = tags.dropLast().map { "\($0);" }
        var rest = Substring(signature)
        lines.append("b=\(rest.prefix(70))")
        rest = rest.dropFirst(70)
        while !rest.isEmpty {
            lines.append(String(rest.prefix(72)))
            rest = rest.dropFirst(72)
        }
        return "DKIM-Signature: " + lines.joined(separator: "\r\n ") + "\r\n"
    }
}
