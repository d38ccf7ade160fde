internal import Foundation
package import Parley

/// What the relay before us found out about the sender, if it is a relay that we believe.
///
/// Source: RFC 8601. Only the topmost field counts: those below may have come with the mail.
package enum AuthenticationResults {
    /// - Parameters:
    ///   - relay: the relay's own name (authserv-id), as the channel's settings give it.
    ///   - domain: of the From address.
    package static func read(_ headers: MailHeaders, relay: String, domain: String) -> MailAuthentication {
        guard let field = headers["authentication-results"], field.count <= 20_000 else { return .none }
        let statements = self.statements(field)
        guard let name = statements.first?.first, name.lowercased() == relay.lowercased(), !relay.isEmpty else { return .none }
        var results: [(method: String, result: String, properties: [String: String])] = []
        for words in statements.dropFirst() {
            guard let first = words.first?.split(separator: "=", maxSplits: 1), first.count == 2 else { continue }
            let method = first[0].split(separator: "/")[0].lowercased()
            var properties: [String: String] = [:]
            for word in words.dropFirst() {
                let sides = word.split(separator: "=", maxSplits: 1)
                if sides.count == 2 { properties[sides[0].lowercased()] = String(sides[1]) }
            }
            results.append((method, first[1].lowercased(), properties))
        }
        // DMARC is the answer to our very question; the others say something of domains that must be the sender's.
        if let dmarc = results.first(where: { $0.method == "dmarc" }), dmarc.result == "pass" || dmarc.result == "fail" {
            return dmarc.result == "pass" ? .pass : .fail
        }
        // Domains, whatever stands before them: `@d.test` and `d.test` are said as often as an address.
        let isSigned = results.contains { result in
            guard result.method == "dkim", result.result == "pass" else { return false }
            let signer = result.properties["header.d"] ?? result.properties["header.i"]?.split(separator: "@").last.map(String.init)
            return signer.map { self.isAligned($0, domain) } ?? false
        }
        if isSigned { return .pass }
        guard let spf = results.first(where: { $0.method == "spf" }) else { return .none }
        let mailFrom = spf.properties["smtp.mailfrom"] ?? spf.properties["smtp.mail"]
        let isFrom = mailFrom?.split(separator: "@").last.map { self.isAligned(String($0), domain) } ?? false
        guard isFrom else { return .none }
        return spf.result == "pass" ? .pass : spf.result == "fail" ? .fail : .none
    }

    /// One is the other, or a part of it: RFC 7489 section 3.1 without the list of public suffixes, so only where a dot is in both.
    private static func isAligned(_ one: String, _ other: String) -> Bool {
        let (one, other) = (one.lowercased(), other.lowercased())
        guard one != other else { return true }
        let (short, long) = one.utf8.count < other.utf8.count ? (one, other) : (other, one)
        return short.contains(".") && long.hasSuffix("." + short)
    }

    /// The words of each statement; `;` parts statements, except in quotes.
    private static func statements(_ field: [UInt8]) -> [[String]] {
        var statements: [[String]] = [[]]
        var word: [UInt8] = []
        var isQuoted = false
        func close() {
            if !word.isEmpty { statements[statements.count - 1].append(Charset.unlabelled(word)) }
            word.removeAll()
        }
        for byte in HeaderText.withoutComments(field) {
            switch byte {
            case 0x22: isQuoted.toggle()
            case 0x3b where !isQuoted:
                close()
                statements.append([])
            case 0x20 where !isQuoted, 0x09 where !isQuoted, 0x0d, 0x0a: close()
            default: word.append(byte)
            }
        }
        close()
        return statements
    }
}
