import Foundation

/// One line of a mail's text, and what it can be told to be by itself.
struct TextLine {
    /// Which label of a mail's header it begins with.
    enum Label: Hashable { case from, sent, to, subject }
    /// What attributions are made of.
    struct Signs: OptionSet {
        let rawValue: Int
        static let date = Signs(rawValue: 1)
        static let time = Signs(rawValue: 2)
        static let address = Signs(rawValue: 4)
        static let verb = Signs(rawValue: 8)
    }

    /// The line as it is shown to a reader.
    let shown: String
    let isEmpty: Bool
    /// By the markup of an HTML mail.
    let isSurelyQuoted: Bool
    let isQuoted: Bool
    let signs: Signs
    let label: Label?
    let endsLikeAttribution: Bool
    private let words: Substring
    private let lowered: String

    private static let directions: Set<Unicode.Scalar> = Set(
        "\u{200e}\u{200f}\u{202a}\u{202b}\u{202c}\u{202d}\u{202e}\u{2066}\u{2067}\u{2068}\u{2069}".unicodeScalars
    )
    /// Longer lines are prose, or harm.
    private static let longest = 400

    init(_ line: String) {
        self.isSurelyQuoted = line.contains(HTMLText.quoteMark)
        self.shown = self.isSurelyQuoted ? "> " + line.filter { $0 != HTMLText.quoteMark } : line
        let words = self.shown.drop(while: \.isWhitespace)
        self.words = words
        self.isEmpty = words.isEmpty
        self.isQuoted = words.first == ">" || words.first == "＞"
        let isShort = words.utf8.count <= Self.longest && !self.isEmpty
        // Marks of direction stand around names and addresses in Hebrew and Arabic mails.
        self.lowered =
            isShort ? String(String.UnicodeScalarView(words.lowercased().unicodeScalars.filter { !Self.directions.contains($0) })) : ""
        let bare = self.lowered.trimmingCharacters(in: .whitespaces)
        self.endsLikeAttribution = isShort && !self.isQuoted && [":", "：", ":*", "：*", "："].contains { bare.hasSuffix($0) }
        self.signs = isShort && !self.isQuoted ? Self.signs(of: self.lowered) : []
        self.label = isShort && !self.isQuoted ? Self.label(of: self.lowered) : nil
    }

    /// Wrapped lines are long, or break off within an address.
    var couldWrap: Bool { self.words.utf8.count >= 30 || self.lowered.hasSuffix("<") || self.signs.contains(.date) }

    /// `-- `, alone on its line; trailing blanks get lost on the way.
    var isSignatureMark: Bool { self.words == "--" || self.words == "-- " }

    /// `________________________________`
    var isRule: Bool {
        self.words.count >= 10 && self.words.allSatisfy { $0 == "_" || $0 == "-" || $0 == "=" || $0 == "*" || $0.isWhitespace }
    }

    private var isBetweenDashes: Bool {
        let edge = self.lowered.prefix(2)
        return edge == "--" || edge == "__" || edge == "==" || edge == "**" || edge == "—-" || edge == "––" || edge == "——"
    }

    var namesOriginal: Bool {
        guard self.isBetweenDashes, !self.isQuoted else { return false }
        let inside = self.lowered.filter { !"-_=*–—".contains($0) || $0 == " " }.trimmingCharacters(in: .whitespaces)
        return QuoteWords.original.contains { inside == $0 || inside == $0.replacing("-", with: "") }
    }

    var opensForward: Bool {
        guard !self.isQuoted else { return false }
        let isMarked = self.isBetweenDashes || self.endsLikeAttribution
        return isMarked && QuoteWords.opensForward(self.lowered)
    }

    var asksForReplyAbove: Bool {
        if self.lowered.hasPrefix("##-") { return true }
        return QuoteWords.aboveThisLine.contains { self.lowered.contains($0) } && self.lowered.contains { "-#=*—–".contains($0) }
    }

    // MARK: - Reading

    private static func label(of text: String) -> Label? {
        let text = text.drop { $0 == "*" || $0 == "_" || $0.isWhitespace }
        guard let colon = text.prefix(40).firstIndex(where: { $0 == ":" || $0 == "：" }) else { return nil }
        let name = text[..<colon].filter { $0 != "*" }.trimmingCharacters(in: .whitespaces)
        if QuoteWords.from.contains(name) { return .from }
        if QuoteWords.sent.contains(name) { return .sent }
        if QuoteWords.subject.contains(name) { return .subject }
        return QuoteWords.to.contains(name) ? .to : nil
    }

    private static func signs(of text: String) -> Signs {
        var signs: Signs = []
        if let at = text.firstIndex(of: "@"), at != text.startIndex, text[text.index(after: at)...].first?.isLetter ?? false {
            signs.insert(.address)
        }
        if text.contains("mailto:") { signs.insert(.address) }
        let numbers = Numbers(text)
        if numbers.hasDate { signs.insert(.date) }
        if numbers.hasTime { signs.insert(.time) }
        let words = text.split { $0.isWhitespace || $0 == ":" || $0 == "," || $0 == "：" || $0 == "、" || $0 == "*" }
        if words.contains(where: { QuoteWords.wrote.contains(String($0)) }) { signs.insert(.verb) }
        let hasHan = ["写道", "寫道", "のメッセージ", "作成", "작성"].contains { text.contains($0) }
        if hasHan { signs.insert(.verb) }
        return signs
    }

    /// The numbers of a line, by what stands between them: `2026`, `02.03.26`, `9:14`, `9h14`, `2026年3月2日`.
    private struct Numbers {
        var hasDate = false
        var hasTime = false

        init(_ text: String) {
            var digits = 0
            var value = 0
            var groups: [(digits: Int, value: Int, after: Character?)] = []
            for character in text {
                if let digit = character.wholeNumberValue, character.isNumber, digit <= 9, digits < 6 {
                    (digits, value) = (digits + 1, value * 10 + digit)
                } else {
                    if digits > 0 { groups.append((digits, value, character)) }
                    (digits, value) = (0, 0)
                }
                if groups.count > 40 { break }
            }
            if digits > 0 { groups.append((digits, value, nil)) }
            for (index, group) in groups.enumerated() {
                if group.digits == 4, 1970...2100 ~= group.value { self.hasDate = true }
                let next = index + 1 < groups.count ? groups[index + 1] : nil
                if let next, let after = group.after {
                    if ":.h時时시点".contains(after), group.value < 24, next.digits == 2, next.value < 60 { self.hasTime = true }
                    if "./-".contains(after), group.value <= 31, next.value <= 31, index + 2 < groups.count, next.after == after,
                        [2, 4].contains(groups[index + 2].digits)
                    {
                        self.hasDate = true
                    }
                }
            }
        }
    }
}
