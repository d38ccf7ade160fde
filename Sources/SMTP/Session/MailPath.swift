internal import Parley

/// An address in MAIL or RCPT, and the parameters behind it.
///
/// Source: RFC 5321 section 4.1.2; RFC 6531 section 3.3 for what is not ASCII.
struct MailPath: Sendable {
    /// Without angle brackets and source route; empty for `<>`.
    var address: String
    /// Names in upper case; the value of one that has none is empty.
    var parameters: [(name: String, value: String)]

    /// - Parameter text: what stands behind `FROM:` or `TO:`.
    /// - Returns: nil when it is no path. An address without brackets is taken too: several clients write one.
    init?(_ text: Substring) {
        var rest = text.drop { $0 == " " }
        if rest.first == "<" {
            guard let end = Self.closingBracket(in: rest) else { return nil }
            self.address = String(Self.withoutRoute(rest[rest.index(after: rest.startIndex)..<end]))
            rest = rest[rest.index(after: end)...]
            guard rest.isEmpty || rest.first == " " else { return nil }
        } else {
            let end = rest.firstIndex(of: " ") ?? rest.endIndex
            self.address = String(rest[..<end])
            guard !self.address.isEmpty, !self.address.contains(where: { "<>\"".contains($0) }) else { return nil }
            rest = rest[end...]
        }
        self.parameters = rest.split(separator: " ").map { word in
            let sides = word.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            return (sides[0].uppercased(), sides.count > 1 ? String(sides[1]) : "")
        }
        guard self.address.isEmpty || Self.isAddress(self.address) else { return nil }
    }

    var isASCII: Bool { self.address.utf8.allSatisfy { $0 < 0x80 } }

    /// A bracket inside a quoted local part does not count.
    private static func closingBracket(in text: Substring) -> Substring.Index? {
        var isQuoted = false
        var isEscaped = false
        for index in text.indices {
            switch text[index] {
            case _ where isEscaped: isEscaped = false
            case "\\" where isQuoted: isEscaped = true
            case "\"": isQuoted.toggle()
            case ">" where !isQuoted: return index
            default: break
            }
        }
        return nil
    }

    /// `@one,@two:user@domain` means `user@domain` (RFC 5321 section 4.1.1.3).
    private static func withoutRoute(_ text: Substring) -> Substring {
        guard text.first == "@", let colon = text.firstIndex(of: ":") else { return text }
        return text[text.index(after: colon)...]
    }

    /// `local@domain`; `local` alone only as `postmaster` (RFC 5321 section 4.5.1).
    private static func isAddress(_ text: String) -> Bool { MailAddress(text) != nil || text.lowercased() == "postmaster" }
}
