internal import Foundation

/// One mailbox, `local@domain`, as an envelope or a header names it, without display name and brackets.
///
/// However it was written, one mailbox is one value, so that we know our own. The domain is in lower case, its wide letters and full stops
/// are plain ones; the local part is without quotes where it needs none, and in its own case, for only its own host knows what that means
/// (RFC 5321 sections 2.4 and 4.1.2; UTS 46 section 4).
package struct MailAddress: Hashable, Sendable, CustomStringConvertible {
    package var local: String
    package var domain: String

    package init(local: String, domain: String) {
        self.local = local
        self.domain = domain.lowercased()
    }

    /// Nil for what is no address. One grammar for all: who may write to us can be told from others, and answered.
    ///
    /// Source: RFC 5321 sections 4.1.2 and 4.5.3.1, RFC 6531 section 3.3. Wider where hosts hand such names out: dots anywhere in a local
    /// part (`a..b.@c.test`), `_` and `-` anywhere in a domain.
    package init?(_ text: some StringProtocol) {
        guard text.utf8.count <= 254, let at = text.lastIndex(of: "@") else { return nil }
        let (local, domain) = (text[..<at], Self.plain(text[text.index(after: at)...]))
        guard 1...64 ~= local.utf8.count, local.unicodeScalars.allSatisfy(Self.isAtomic) || Self.isQuoted(local.unicodeScalars),
            domain.utf8.count <= 253, Self.isDomain(domain.unicodeScalars)
        else { return nil }
        self.init(local: Self.unquoted(local.unicodeScalars), domain: domain)
    }

    /// What a resolver makes of a name before it looks it up: no invisible letters, and those of full width as all others.
    private static func plain(_ domain: some StringProtocol) -> String {
        guard !domain.utf8.allSatisfy({ $0 < 0x80 }) else { return String(domain) }
        let visible = domain.unicodeScalars.filter { !$0.properties.isDefaultIgnorableCodePoint || $0 == "\u{200c}" || $0 == "\u{200d}" }
        let text = String(String.UnicodeScalarView(visible)).precomposedStringWithCompatibilityMapping
        return text.replacing("\u{3002}", with: ".")
    }

    /// `"support"` is `support`; in what needs its quotes, only `"` and `\` keep their `\`.
    private static func unquoted(_ local: some BidirectionalCollection<Unicode.Scalar>) -> String {
        var text = String.UnicodeScalarView(local)
        guard text.first == "\"" else { return String(text) }
        var quoted = String.UnicodeScalarView("\"".unicodeScalars)
        var isEscaped = false
        text = String.UnicodeScalarView(
            text.dropFirst().dropLast().filter { scalar in
                isEscaped = !isEscaped && scalar == "\\"
                return !isEscaped
            }
        )
        guard !text.allSatisfy(Self.isAtomic) else { return String(text) }
        for scalar in text { quoted += scalar == "\"" || scalar == "\\" ? ["\\", scalar] : [scalar] }
        return String(quoted) + "\""
    }

    /// What may stand in a local part without quotes.
    private static func isAtomic(_ scalar: Unicode.Scalar) -> Bool {
        self.isLetterOrDigit(scalar) || "!#$%&'*+-/=?^_`{|}~.".unicodeScalars.contains(scalar)
    }

    /// Text in quotes, in which `"` and `\` have a `\` before them.
    private static func isQuoted(_ text: some BidirectionalCollection<Unicode.Scalar>) -> Bool {
        guard text.count > 2, text.first == "\"", text.last == "\"" else { return false }
        var isEscaped = false
        for scalar in text.dropFirst().dropLast() {
            guard 0x20...0x7e ~= scalar.value || scalar.value > 0x9f, isEscaped || scalar != "\"" else { return false }
            isEscaped = !isEscaped && scalar == "\\"
        }
        return !isEscaped
    }

    /// A name, or an IP address in brackets.
    private static func isDomain(_ text: some BidirectionalCollection<Unicode.Scalar>) -> Bool {
        if text.first == "[" {
            return text.count > 2 && text.last == "]"
                && text.dropFirst().dropLast().allSatisfy { self.isLetterOrDigit($0) || ".:-".unicodeScalars.contains($0) }
        }
        return text.split(separator: ".", omittingEmptySubsequences: false).allSatisfy { label in
            !label.isEmpty && label.allSatisfy { self.isLetterOrDigit($0) || $0 == "-" || $0 == "_" }
        }
    }

    /// One of ASCII, or whatever SMTPUTF8 adds.
    private static func isLetterOrDigit(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar {
        case "a"..."z", "A"..."Z", "0"..."9": true
        default: scalar.value > 0x9f
        }
    }

    package var description: String { "\(self.local)@\(self.domain)" }

    /// What one person's mails are recognised by: all in lower case, as practically every host means it.
    package var identity: String { self.description.lowercased() }

    /// The part behind the first `+` of the local part (RFC 5233); nil when there is none.
    package var tag: String? {
        self.local.firstIndex(of: "+").map { String(self.local[self.local.index(after: $0)...]) }
    }
    /// The address without its tag.
    package var untagged: MailAddress {
        MailAddress(local: String(self.local.prefix { $0 != "+" }), domain: self.domain)
    }
}

extension Address {
    /// Where the message ends up: mail for `us+anything@ours.test` comes in at `us@ours.test`.
    package var withoutTag: Address {
        guard self.space == .email, let mail = MailAddress(self.value) else { return self }
        return Address(space: self.space, value: mail.untagged.identity)
    }
}
