/// The ids in Message-ID, In-Reply-To and References, with their angle brackets; compared exactly.
///
/// Source: RFC 5322 section 3.6.4.
package enum MessageIDs {
    /// Longer ones are nobody's real id.
    static let longest = 900
    static let limit = 1_000

    /// Each `<…>` that holds something, in order; what stands between them is nothing.
    package static func read(_ field: [UInt8]) -> [String] {
        let field = self.unwrapped(field)
        var ids: [String] = []
        var rest = field[...]
        while ids.count < self.limit, let start = rest.firstIndex(of: 0x3c) {
            rest = rest[(start + 1)...]
            guard let end = rest.firstIndex(where: { $0 == 0x3e || $0 == 0x3c }) else { break }
            guard rest[end] == 0x3e else { continue }
            let inside = rest[..<end].filter { $0 > 0x20 && $0 != 0x7f }
            if !inside.isEmpty, inside.count <= self.longest { ids.append("<\(Charset.unlabelled(inside))>") }
            rest = rest[(end + 1)...]
        }
        return ids
    }

    /// Ids are no place for encoded words, but Python's mail package folds each long one into them.
    private static func unwrapped(_ field: [UInt8]) -> [UInt8] {
        field.contains(0x3f) && String(decoding: field, as: UTF8.self).contains("=?")
            ? Array(HeaderText.decode(field).utf8) : field
    }

    /// A Message-ID, or the first In-Reply-To. Without brackets a single word with an `@` is one all the same.
    package static func first(_ field: [UInt8]) -> String? {
        if let id = self.read(field).first { return id }
        let words = self.unwrapped(field).split { $0 <= 0x20 }
        guard words.count == 1, words[0].contains(0x40), !words[0].contains(0x3c), !words[0].contains(0x3e), words[0].count <= self.longest
        else { return nil }
        return "<\(Charset.unlabelled(Array(words[0])))>"
    }
}
