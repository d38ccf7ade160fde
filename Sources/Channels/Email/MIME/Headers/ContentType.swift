/// A Content-Type field: what a part says it is.
///
/// Source: RFC 2045 section 5.
package struct ContentType: Hashable, Sendable {
    /// Lower case.
    package var type: String
    package var subtype: String
    package var parameters: MailParameters

    /// Nil for what names no type: the part is then taken for text.
    package init?(_ field: some Collection<UInt8>) {
        let (value, rest) = HeaderText.value(of: Array(field))
        let sides = value.split(separator: 0x2f, maxSplits: 1, omittingEmptySubsequences: false)
        guard sides.count == 2 else { return nil }
        self.type = MailHeaders.name(sides[0])
        let behind = sides[1].drop { $0 == 0x20 }
        // Some write `text/plain charset=utf-8`, or a comma.
        let subtype = behind.prefix { $0 != 0x20 && $0 != 0x09 && $0 != 0x2c }
        self.subtype = MailHeaders.name(subtype)
        guard Self.isToken(self.type), Self.isToken(self.subtype) else { return nil }
        let misplaced = behind.dropFirst(subtype.count).drop { $0 == 0x20 || $0 == 0x09 || $0 == 0x2c }
        self.parameters = MailParameters(Array(misplaced) + rest)
    }

    private init(type: String, subtype: String) { (self.type, self.subtype, self.parameters) = (type, subtype, MailParameters([])) }
    /// What a part is that says nothing of itself. Source: RFC 2045 section 5.2.
    static let text = ContentType(type: "text", subtype: "plain")
    static let message = ContentType(type: "message", subtype: "rfc822")

    /// `text/plain`
    package var name: String { "\(self.type)/\(self.subtype)" }

    /// What parts are parted by; nil when there is none.
    var boundary: [UInt8]? {
        guard var bytes = self.parameters.raw("boundary") else { return nil }
        while let last = bytes.last, last == 0x20 || last == 0x09 { bytes.removeLast() }
        return bytes.isEmpty ? nil : bytes
    }

    /// A whole mail within a mail.
    var isMessage: Bool { self.type == "message" && ["rfc822", "rfc2822", "global", "news"].contains(self.subtype) }

    private static func isToken(_ text: String) -> Bool {
        !text.isEmpty && text.utf8.count <= 127
            && text.utf8.allSatisfy { byte in
                switch byte {
                case 0x30...0x39, 0x61...0x7a: true
                default: "!#$&-^_.+*'%`|~".utf8.contains(byte)
                }
            }
    }
}
