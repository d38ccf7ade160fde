import Foundation

/// What is left of a subject without the prefixes that answering and forwarding put before it.
///
/// Source: RFC 5256 section 2.1, and the prefixes that mail programs of other languages write.
package struct BaseSubject: Hashable, Sendable {
    /// Case folded, white space runs as one blank; empty when nothing is left.
    package var text: String
    /// The outermost prefix was one of answering.
    package var isReply: Bool
    package var isForward: Bool

    private static let replies: Set<String> = [
        "re", "aw", "sv", "vs", "antw", "odp", "r", "rif", "res", "ref", "ynt", "sq", "hal", "vá", "bls", "ats", "atb", "回复", "答复",
        "回覆", "返信",
        "回信", "re ", "отв", "ответ", "απ", "σχετ", "تر", "رد", "השב", "답장", "전달답장", "yanıt", "antwort", "tr re",
    ]
    private static let forwards: Set<String> = [
        "fw", "fwd", "wg", "tr", "i", "rv", "vb", "vl", "vs fwd", "doorst", "pd", "vid", "továbbítva", "转发", "轉寄", "転送", "пер", "πρθ",
        "إعادة", "הועבר",
        "전달", "iln", "ilt", "ilet", "enc", "fs", "trs", "továbbítás", "videresend", "přeposláno", "пересл", "doorgestuurd",
        "weitergeleitet",
    ]

    package init(_ subject: String) {
        var rest = subject.split(whereSeparator: \.isWhitespace).joined(separator: " ")[...]
        var (isReply, isForward) = (false, false)
        var seen = 0
        while seen < 100 {
            seen += 1
            rest = rest.drop(while: \.isWhitespace)
            if let shorter = Self.withoutTag(rest) {
                rest = shorter
            } else if let (prefix, shorter) = Self.prefix(of: rest) {
                let isOne = Self.replies.contains(prefix)
                if !isReply, !isForward { (isReply, isForward) = (isOne, !isOne) }
                rest = shorter
            } else if rest.lowercased().hasSuffix("(fwd)") {
                rest = rest.dropLast(5)
                if !isReply { isForward = true }
                while rest.last?.isWhitespace == true { rest = rest.dropLast() }
            } else {
                break
            }
        }
        self.text = rest.trimmingCharacters(in: .whitespaces).lowercased()
        (self.isReply, self.isForward) = (isReply, isForward)
    }

    /// `[EXT]`, `[list-name]` before what goes on.
    private static func withoutTag(_ text: Substring) -> Substring? {
        guard text.first == "[", let end = text.prefix(64).firstIndex(of: "]") else { return nil }
        let rest = text[text.index(after: end)...].drop(while: \.isWhitespace)
        return rest.isEmpty ? nil : rest
    }

    /// `Re:`, `RE[2]:`, `Re (3):`, `回复：`
    private static func prefix(of text: Substring) -> (String, Substring)? {
        guard let colon = text.prefix(24).firstIndex(where: { $0 == ":" || $0 == "：" }) else { return nil }
        var word = text[..<colon]
        if let bracket = word.firstIndex(where: { $0 == "[" || $0 == "(" || $0 == "*" || $0 == "^" }) {
            let counter = word[word.index(after: bracket)...].drop { $0.isNumber || $0 == "]" || $0 == ")" || $0.isWhitespace }
            guard counter.isEmpty else { return nil }
            word = word[..<bracket]
        }
        let name = word.trimmingCharacters(in: .whitespaces).caseFolded
        guard Self.replies.contains(name) || Self.forwards.contains(name) else { return nil }
        return (name, text[text.index(after: colon)...])
    }
}
