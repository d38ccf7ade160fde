import Foundation
internal import Parley

/// One line of a mail's text, and what it can be told to be by itself.
struct TextLine {
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
    var isQuoted: Bool
    let signs: Signs
    let label: HeaderLabel?
    let endsLikeAttribution: Bool
    private let words: Substring
    private let lowered: String
    private let frame: Frame
    private let isBetweenArrows: Bool

    private static let directions: Set<Unicode.Scalar> = Set(
        "\u{200e}\u{200f}\u{202a}\u{202b}\u{202c}\u{202d}\u{202e}\u{2066}\u{2067}\u{2068}\u{2069}".unicodeScalars
    )
    /// Longer lines are prose, or harm.
    private static let longest = 400

    /// - Parameter isInReach: whether anything but a mark of quotation is looked for.
    init(_ line: String, isInReach: Bool = true) {
        self.isSurelyQuoted = line.contains(HTMLText.quoteMark)
        self.shown = self.isSurelyQuoted ? "> " + line.filter { $0 != HTMLText.quoteMark } : line
        let words = self.shown.drop(while: \.isWhitespace)
        self.words = words
        self.isEmpty = words.isEmpty
        // GroupWise: `>>> Anna <anna@a.test> 02.03.2026 09:14 >>>`
        let isBetweenArrows = words.utf8.count <= Self.longest && words.hasPrefix(">>> ") && words.hasSuffix(" >>>") && !self.isSurelyQuoted
        self.isBetweenArrows = isBetweenArrows
        self.isQuoted = !isBetweenArrows && (words.first == ">" || words.first == "＞")
        let isShort = isInReach && words.utf8.count <= Self.longest && !self.isEmpty
        let isRead = isShort && !self.isQuoted
        // Marks of direction stand around names and addresses in Hebrew and Arabic mails.
        self.lowered =
            isShort ? String(String.UnicodeScalarView(words.caseFolded.unicodeScalars.filter { !Self.directions.contains($0) })) : ""
        let bare = self.lowered.trimmingCharacters(in: .whitespaces)
        self.frame = Frame(bare)
        // Zoho: `---- On Mon, 2 Mar 2026 Anna wrote ----`
        self.endsLikeAttribution = isRead && (self.frame.isWhole || [":", "：", ":*", "：*"].contains { bare.hasSuffix($0) })
        let introduces = isRead && Self.introduces(words, self.lowered)
        self.signs = isRead ? Self.signs(of: self.lowered).union(introduces ? .verb : []) : []
        // A list of recipients may be of any length.
        self.label = self.isQuoted || !isInReach ? nil : HeaderLabel(of: isShort ? self.lowered : String(words.prefix(60)).caseFolded)
    }

    /// Wrapped lines are long, or break off within an address.
    var couldWrap: Bool { self.words.utf8.count >= 30 || self.lowered.hasSuffix("<") || self.signs.contains(.date) }

    /// A wrapped line begins with an address, whose name is above it.
    var beginsWithAddress: Bool { self.words.first == "<" && self.signs.contains(.address) }

    /// `Support <support@bridge.test>:`, as programs write an address behind a name.
    var endsInMailbox: Bool { self.signs.contains(.address) && self.lowered.contains(/[<(][^<>()\s@]+@[^<>()\s@]+[>)]\s*[:：]\W*$/) }

    var wordCount: Int { self.lowered.split(whereSeparator: \.isWhitespace).count }

    /// Few enough words to be a name and a verb: `The Support Team wrote:`.
    var isBrief: Bool { self.wordCount <= 8 }

    /// Somebody's words in prose, where programs put what they quote as it is.
    var opensSpeech: Bool { self.words.first.map { "\"“„«»”「『".contains($0) } ?? false }

    /// `| words`, as some programs quote; tables have a bar at the end too.
    var isBarred: Bool { self.words.first == "|" && self.words.last != "|" }

    // MARK: - Signatures

    /// `-- `, alone on its line. Source: RFC 3676 section 4.3.
    var isSignatureMark: Bool { self.words == "-- " }

    /// The same when its blank got lost on the way, or what writers part their own words with.
    var isBareSignatureMark: Bool { self.words == "--" }

    /// As long as lines of signatures are.
    var isShort: Bool { self.words.count <= 72 }

    // MARK: - Lines that programs draw

    /// `________________________________`
    var isRule: Bool { self.frame.isRule }

    /// `----- Mail original -----`, whatever the words.
    var isFramed: Bool { !self.isQuoted && self.frame.isWhole }

    var namesOriginal: Bool {
        if self.isBetweenArrows { return self.signs.isSuperset(of: [.date, .time]) }
        guard self.frame.opens, !self.isQuoted else { return false }
        return QuoteWords.original.contains { self.frame.inside == $0 || self.frame.inside == $0.replacing("-", with: "") }
    }

    /// `---------- Forwarded message ---------`
    var namesForward: Bool { !self.isQuoted && self.frame.opens && QuoteWords.saysForwarded(self.frame.inside) }

    /// `Begin forwarded message:`, which anybody could write: it counts above a header.
    var mayOpenForward: Bool { self.endsLikeAttribution && QuoteWords.areFew(self.lowered) && QuoteWords.saysForwarded(self.lowered) }

    /// Whether it begins with a label of a mail's header, quoted or not.
    var isHeader: Bool {
        let label = self.isQuoted ? HeaderLabel(of: String(self.unquoted.prefix(60)).caseFolded) : self.label
        return label.map { $0 != .unknown } ?? false
    }

    /// What stands behind the marks of quotation.
    var unquoted: Substring { self.words.drop { $0 == ">" || $0 == "＞" || $0.isWhitespace } }

    /// What ticket systems ask for.
    enum ReplyRequest {
        /// Within signs that only programs write.
        case marked
        /// In words alone: a writer may mean another line.
        case bare
    }

    var replyRequest: ReplyRequest? {
        if self.lowered.hasPrefix("##-") { return .marked }
        guard !self.isQuoted, QuoteWords.aboveThisLine.contains(where: { self.lowered.contains($0) }) else { return nil }
        if self.frame.opens || self.lowered.hasPrefix("##") { return .marked }
        let beginning = self.frame.inside.split(separator: " ").prefix(2).joined(separator: " ")
        return self.isShort && QuoteWords.answer.contains { beginning.contains($0) } ? .bare : nil
    }

    // MARK: - Reading

    /// `Quoting Anna:`; with a small letter behind it, prose about something: `Quoting the manual:`.
    private static func introduces(_ words: Substring, _ lowered: String) -> Bool {
        guard let introduction = QuoteWords.introductions.first(where: { lowered.hasPrefix($0) }) else { return false }
        return words.dropFirst(introduction.count).first { !$0.isWhitespace }.map { !$0.isLowercase } ?? false
    }

    private static func signs(of text: String) -> Signs {
        var signs: Signs = []
        if let at = text.firstIndex(of: "@"), at != text.startIndex, text[text.index(after: at)...].first?.isLetter ?? false {
            signs.insert(.address)
        }
        if text.contains("mailto:") { signs.insert(.address) }
        let numbers = LineNumbers(text)
        if numbers.hasDate { signs.insert(.date) }
        if numbers.hasTime { signs.insert(.time) }
        let words = text.split { $0.isWhitespace || $0 == ":" || $0 == "," || $0 == "：" || $0 == "、" || $0 == "*" }
        if words.contains(where: { QuoteWords.wrote.contains(String($0)) }) { signs.insert(.verb) }
        if QuoteWords.wroteWithin.contains(where: { text.contains($0) }) { signs.insert(.verb) }
        return signs
    }
}

/// A line by the runs of dashes at its ends: `-----Original Message-----`.
private struct Frame {
    private let before: Int
    private let after: Int
    let inside: String

    /// - Parameter line: without blanks around.
    init(_ line: String) {
        let opening = line.prefix(while: QuoteWords.isDash)
        let rest = line.dropFirst(opening.count)
        let closing = rest.reversed().prefix(while: QuoteWords.isDash)
        self.before = opening.count
        self.after = closing.count
        self.inside = rest.dropLast(closing.count).trimmingCharacters(in: .whitespaces)
    }

    var isRule: Bool { self.inside.isEmpty && self.before >= 3 }
    var opens: Bool { self.before >= 2 && !self.inside.isEmpty }
    var isWhole: Bool { self.before >= 3 && self.after >= 3 && !self.inside.isEmpty }
}
