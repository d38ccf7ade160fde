internal import Foundation
package import Parley

/// What the relay before us found out about the sender, if it is a relay that we believe.
///
/// Source: RFC 8601. A pass counts in the topmost field only: those below may have come with the mail. A failure counts in any that bears the
/// relay's name, as a relay may write one field for each of its checks, and nobody makes up his own failure.
package enum AuthenticationResults {
    private struct Result {
        var method: String
        var result: String
        var properties: [String: String]
        /// In the topmost field.
        var isBelieved: Bool

        func passes(_ method: String) -> Bool { self.method == method && self.result == "pass" && self.isBelieved }
        func fails(_ method: String) -> Bool { self.method == method && self.result == "fail" }
    }

    /// Fields that are looked at, from the top, and bytes of one.
    private static let most = 20
    private static let longest = 20_000

    /// - Parameters:
    ///   - relay: the relay's own name (authserv-id), as the channel's settings give it.
    ///   - domain: of the From address.
    package static func read(_ headers: MailHeaders, relay: String, domain: String) -> MailAuthentication {
        let fields = headers.all("authentication-results").prefix(self.most)
        let results = fields.enumerated().flatMap { self.results($1, of: relay, isBelieved: $0 == 0) }
        // DMARC is the answer to our very question; the others say something of domains that must be the sender's.
        if results.contains(where: { $0.fails("dmarc") }) { return .fail }
        if results.contains(where: { $0.passes("dmarc") }) { return .pass }
        // Domains, whatever stands before them: `@d.test` and `d.test` are said as often as an address.
        let isSigned = results.contains { result in
            guard result.passes("dkim") else { return false }
            let signer = result.properties["header.d"] ?? result.properties["header.i"]?.split(separator: "@").last.map(String.init)
            return signer.map { self.isAligned($0, domain) } ?? false
        }
        if isSigned { return .pass }
        let senders = results.filter { result in
            let mailFrom = result.properties["smtp.mailfrom"] ?? result.properties["smtp.mail"]
            return mailFrom?.split(separator: "@").last.map { self.isAligned(String($0), domain) } ?? false
        }
        if senders.contains(where: { $0.fails("spf") }) { return .fail }
        return senders.contains { $0.passes("spf") } ? .pass : .none
    }

    private static func results(_ field: [UInt8], of relay: String, isBelieved: Bool) -> [Result] {
        guard field.count <= self.longest, !relay.isEmpty else { return [] }
        let statements = self.statements(field)
        guard statements.first?.first?.lowercased() == relay.lowercased() else { return [] }
        return statements.dropFirst().compactMap { words in
            guard let first = words.first?.split(separator: "=", maxSplits: 1), first.count == 2 else { return nil }
            var properties: [String: String] = [:]
            for word in words.dropFirst() {
                let sides = word.split(separator: "=", maxSplits: 1)
                if sides.count == 2 { properties[sides[0].lowercased()] = String(sides[1]) }
            }
            let method = first[0].split(separator: "/").first.map { $0.lowercased() } ?? ""
            return Result(method: method, result: first[1].lowercased(), properties: properties, isBelieved: isBelieved)
        }
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
