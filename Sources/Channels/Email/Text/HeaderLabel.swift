import Foundation

/// What a line of a mail's header, as programs write it above an earlier mail, begins with.
enum HeaderLabel: Hashable {
    case from, sent, to, subject
    /// Further ones that mail programs write there.
    case more
    /// A word and a colon that no mail program is known to write: a form has such lines.
    case unknown

    /// - Parameter text: the line, case folded. Nil when it begins with no label. Shapes: `From: x`, `*From:* x`, `| From | x |`.
    init?(of text: String) {
        let isTable = text.first == "|"
        let text = text.drop { $0 == "*" || $0 == "_" || $0 == "|" || $0.isWhitespace }
        guard let colon = text.prefix(40).firstIndex(where: { $0 == ":" || $0 == "：" || (isTable && $0 == "|") }) else { return nil }
        let name = text[..<colon].filter { $0 != "*" }.trimmingCharacters(in: .whitespaces)
        if let known = Self.known(name) {
            self = known
            return
        }
        let value = text[text.index(after: colon)...]
        guard text[colon] != ":" || value.first.map({ $0.isWhitespace || $0 == "*" }) ?? false, !value.allSatisfy(\.isWhitespace),
            !name.isEmpty, name.allSatisfy({ $0.isLetter || $0 == " " || $0 == "-" }), name.split(separator: " ").count <= 2
        else { return nil }
        self = .unknown
    }

    private static func known(_ name: String) -> HeaderLabel? {
        if QuoteWords.from.contains(name) { return .from }
        if QuoteWords.sent.contains(name) { return .sent }
        if QuoteWords.subject.contains(name) { return .subject }
        if QuoteWords.to.contains(name) { return .to }
        return QuoteWords.moreLabels.contains(name) ? .more : nil
    }
}
