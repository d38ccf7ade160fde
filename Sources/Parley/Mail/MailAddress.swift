/// One mailbox, `local@domain`, as an envelope or a header names it, without display name and brackets.
///
/// The domain is in lower case; the local part as it came, for only its own host knows what its case means (RFC 5321 section 2.4).
package struct MailAddress: Hashable, Sendable, CustomStringConvertible {
    package var local: String
    package var domain: String

    package init(local: String, domain: String) {
        self.local = local
        self.domain = domain.lowercased()
    }

    /// Nil for what is no address: no `@`, a blank or a control character, more than 254 octets in all or 64 in the local part.
    package init?(_ text: some StringProtocol) {
        guard text.utf8.count <= 320, let at = text.lastIndex(of: "@") else { return nil }
        let (local, domain) = (text[..<at], text[text.index(after: at)...])
        guard !local.isEmpty, local.utf8.count <= 64, !domain.isEmpty, domain.utf8.count <= 253 else { return nil }
        let isQuoted = local.count >= 2 && local.first == "\"" && local.last == "\""
        guard
            local.unicodeScalars.allSatisfy({
                Self.isAllowed($0) || (isQuoted && ($0 == " " || $0 == "\"" || "()<>,;:@[]\\".unicodeScalars.contains($0)))
            }),
            domain.first != ".", domain.last != ".", !domain.contains("..")
        else { return nil }
        let isLiteral = domain.first == "[" && domain.last == "]"
        guard
            domain.unicodeScalars.allSatisfy({ scalar in
                scalar.value > 0x7f || scalar.properties.isAlphabetic || ("0"..."9").contains(scalar)
                    || "-._".unicodeScalars.contains(scalar)
                    || (isLiteral && "[]:".unicodeScalars.contains(scalar))
            })
        else { return nil }
        self.init(local: String(local), domain: String(domain))
    }

    /// What may stand in a local part without quotes, and whatever SMTPUTF8 adds. Source: RFC 5321 section 4.1.2, RFC 6531 section 3.3.
    private static func isAllowed(_ scalar: Unicode.Scalar) -> Bool {
        guard scalar.value <= 0x7f else { return scalar.value > 0x9f }
        return scalar.properties.isAlphabetic || ("0"..."9").contains(scalar) || "!#$%&'*+-/=?^_`{|}~.".unicodeScalars.contains(scalar)
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
