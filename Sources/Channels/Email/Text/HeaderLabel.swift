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

/// Lines that follow one another and look like the header of a mail, read label by label.
struct HeaderBlock {
    private var found: Set<HeaderLabel> = []
    private var hasAddress = false
    private var isApart = false
    private var misses = 0
    /// Since the last known label.
    private var since: [HeaderLabel?] = []
    private var last: HeaderLabel?

    /// How many lines it is looked for in.
    static let longest = 16

    /// - Returns: whether the block may go on behind the line.
    mutating func take(_ line: TextLine) -> Bool {
        if line.isEmpty {
            // Some programs write each label as a paragraph of its own.
            guard !self.isApart, self.since.isEmpty else { return false }
            self.isApart = true
            return true
        }
        guard let label = line.label, label != .unknown else { return self.takeOther(line) }
        self.found.insert(label)
        if (label == .from || label == .to) && line.signs.contains(.address) { self.hasAddress = true }
        self.last = label
        self.since = []
        self.isApart = false
        return true
    }

    /// Lists of recipients go on over some lines, and a label may be one of a language not known here.
    private mutating func takeOther(_ line: TextLine) -> Bool {
        guard !self.isApart, self.misses < 4, self.last == .to || line.label == .unknown || self.since.isEmpty else { return false }
        self.misses += 1
        self.since.append(line.label)
        return true
    }

    /// Forms and orders have some of the labels too, but not all of it: a subject or an address, and no labels of their own.
    var isEarlierMail: Bool {
        guard self.found.contains(.from), self.found.contains(.sent) || self.found.contains(.to) else { return false }
        let isForm = self.since.first == .unknown
        return !isForm && self.found.count >= 3 && (self.found.contains(.subject) || self.hasAddress)
    }
}
