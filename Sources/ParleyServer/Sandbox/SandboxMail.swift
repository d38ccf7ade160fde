import Channels
import Foundation
import Parley

/// A mail as the sandbox's mailbox shows it: enough MIME for what Parley writes, and no more.
///
/// Not the reader that the bridge itself uses: a mistake of that one must not hide here.
struct SandboxMail: Hashable, Sendable {
    struct Field: Hashable, Sendable {
        var name: String
        /// Unfolded; encoded words (RFC 2047) are decoded.
        var value: String
    }
    private(set) var fields: [Field] = []
    private(set) var text = ""
    /// Names of attached files.
    private(set) var files: [String] = []

    /// - Parameter bytes: header and body with CR LF line ends.
    init(_ bytes: [UInt8]) {
        let (fields, body) = Self.split(bytes)
        self.fields = fields
        self.read(fields, body, depth: 0)
    }

    /// The first of that name, whichever case.
    subscript(_ name: String) -> String? { Self.first(name, in: self.fields) }

    /// `ann@example.org` of `Ann <ann@example.org>`.
    static func address(_ field: String) -> String? {
        let bracketed = field.firstMatch(of: /<([^<>\s]+@[^<>\s]+)>/).map { String($0.1) }
        return bracketed ?? (field.contains("@") ? field.trimmingCharacters(in: .whitespaces) : nil)
    }

    private mutating func read(_ fields: [Field], _ body: ArraySlice<UInt8>, depth: Int) {
        let type = Self.first("Content-Type", in: fields) ?? "text/plain"
        if type.lowercased().hasPrefix("multipart/"), depth < 8, let boundary = Self.parameter("boundary", of: type) {
            for part in Self.parts(of: body, boundary) {
                let (fields, body) = Self.split(Array(part))
                self.read(fields, body, depth: depth + 1)
            }
        } else if let name = Self.parameter("filename", of: Self.first("Content-Disposition", in: fields) ?? "") {
            self.files.append(name)
        } else if type.lowercased().hasPrefix("text/plain"), self.text.isEmpty {
            let decoded = Self.decoded(Array(body), Self.first("Content-Transfer-Encoding", in: fields)?.lowercased() ?? "")
            self.text = String(decoding: decoded, as: UTF8.self).replacing("\r\n", with: "\n").trimmingCharacters(in: .newlines)
        }
    }

    private static func split(_ bytes: [UInt8]) -> ([Field], ArraySlice<UInt8>) {
        let end = bytes.firstRange(of: Array("\r\n\r\n".utf8))
        let head = String(decoding: bytes[..<(end?.lowerBound ?? bytes.endIndex)], as: UTF8.self).replacing("\r\n", with: "\n")
        let lines = head.replacing(#/\n(?=[ \t])/#, with: "").split(separator: "\n")
        let fields = lines.compactMap { line -> Field? in
            guard let colon = line.firstIndex(of: ":") else { return nil }
            let value = line[line.index(after: colon)...].trimmingCharacters(in: .whitespaces)
            return Field(name: String(line[..<colon]), value: self.words(value))
        }
        return (fields, end.map { bytes[$0.upperBound...] } ?? [])
    }

    private static func parts(of body: ArraySlice<UInt8>, _ boundary: String) -> [ArraySlice<UInt8>] {
        let mark = Array("\r\n--\(boundary)".utf8)
        let whole = Array("\r\n".utf8) + body
        var starts = whole.ranges(of: mark)
        guard starts.count > 1 else { return [] }
        let last = starts.removeLast()
        let ends = starts.dropFirst().map(\.lowerBound) + [last.lowerBound]
        return zip(starts, ends).map { whole[min($0.upperBound + 2, $1)..<$1] }
    }

    private static func first(_ name: String, in fields: [Field]) -> String? {
        fields.first { $0.name.lowercased() == name.lowercased() }?.value
    }

    private static func parameter(_ name: String, of field: String) -> String? {
        guard let expression = try? Regex("(?i)\\b\(name)=(?:\"([^\"]*)\"|([^;\\s]+))", as: (Substring, Substring?, Substring?).self),
            let match = field.firstMatch(of: expression)
        else { return nil }
        return (match.output.1 ?? match.output.2).map(String.init)
    }

    private static func decoded(_ body: [UInt8], _ encoding: String) -> [UInt8] {
        switch encoding {
        case "base64": Data(base64Encoded: Data(body), options: .ignoreUnknownCharacters).map { [UInt8]($0) } ?? []
        case "quoted-printable":
            self.unquoted(String(decoding: body, as: UTF8.self).replacing("\r\n", with: "\n").replacing(#/=[ \t]*\n/#, with: ""))
        default: body
        }
    }

    private static func unquoted(_ text: String, underscores: Bool = false) -> [UInt8] {
        var bytes: [UInt8] = []
        var rest = Array(text.utf8)[...]
        while let byte = rest.popFirst() {
            if byte == UInt8(ascii: "="), let code = UInt8(String(decoding: rest.prefix(2), as: UTF8.self), radix: 16) {
                bytes.append(code)
                rest = rest.dropFirst(2)
            } else {
                bytes.append(underscores && byte == UInt8(ascii: "_") ? 0x20 : byte)
            }
        }
        return bytes
    }

    /// Neighbouring words are joined before they are read: a character may be cut over two.
    private static func words(_ value: String) -> String {
        value.replacing(#/=\?[^?\s]+\?[bBqQ]\?[^?\s]*\?=(?:\s+=\?[^?\s]+\?[bBqQ]\?[^?\s]*\?=)*/#) { run in
            var bytes: [UInt8] = []
            for word in run.output.matches(of: #/=\?[^?\s]+\?([bBqQ])\?([^?\s]*)\?=/#) {
                let isBase64 = word.output.1.lowercased() == "b"
                bytes +=
                    isBase64 ? self.decoded(Array(word.output.2.utf8), "base64") : self.unquoted(String(word.output.2), underscores: true)
            }
            return String(decoding: bytes, as: UTF8.self)
        }
    }
}
