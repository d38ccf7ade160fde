import Foundation

/// The new words of a mail: without the mail it answers, what introduces that, and the signature.
///
/// Works line by line and looks at each line a fixed number of times, so its time grows with the text and with nothing else. When nothing
/// would be left, all is kept. A mail that is passed on is content.
package struct VisibleText {
    /// - Parameter isForward: the subject says that a mail is passed on, so a block of its headers begins no quotation.
    package static func of(plain text: String, isForward: Bool = false) -> String {
        var body = VisibleText(text, isForward: isForward)
        body.strip()
        let visible = body.text
        return visible.isEmpty ? Self.tidy(VisibleText(text, isForward: isForward).lines.map(\.shown)) : visible
    }

    package static func of(html: String, isForward: Bool = false) -> String {
        self.of(plain: HTMLText.markedText(of: html), isForward: isForward)
    }

    private var lines: [TextLine]
    private var isDropped: [Bool]
    private let isForward: Bool

    private init(_ text: String, isForward: Bool) {
        let text = text.replacing("\r\n", with: "\n").replacing("\r", with: "\n")
        self.lines = text.split(separator: "\n", omittingEmptySubsequences: false).map { TextLine(String($0)) }
        self.isDropped = Array(repeating: false, count: self.lines.count)
        self.isForward = isForward
    }

    private var text: String {
        Self.tidy(self.lines.indices.lazy.filter { !self.isDropped[$0] }.map { self.lines[$0].shown })
    }

    /// No blanks at line ends, one empty line at most between others, none around.
    private static func tidy(_ lines: some Sequence<String>) -> String {
        var kept: [Substring] = []
        for line in lines {
            var line = line[...]
            while line.last?.isWhitespace == true { line.removeLast() }
            if line.isEmpty, kept.last?.isEmpty ?? true { continue }
            kept.append(line)
        }
        if kept.last?.isEmpty == true { kept.removeLast() }
        return kept.joined(separator: "\n")
    }

    // MARK: - The steps

    private mutating func strip() {
        let end = self.lines.indices.first { self.lines[$0].opensForward } ?? self.lines.count
        let cut = self.firstCut(before: end)
        if let cut { for index in cut..<self.lines.count { self.isDropped[index] = true } }
        let limit = cut ?? end
        self.dropQuotations(before: limit)
        if end == self.lines.count || cut != nil { self.dropSignature(before: limit) }
    }

    /// Where the earlier mail begins that goes on to the end: under a line that says so, or a block of its headers.
    private func firstCut(before end: Int) -> Int? {
        for index in 0..<end {
            let line = self.lines[index]
            if line.isEmpty || line.isQuoted { continue }
            if line.asksForReplyAbove || line.namesOriginal || (!self.isForward && self.isHeaderBlock(at: index)) {
                return self.withRuleAbove(index)
            }
            if let start = self.attribution(endingAt: index, before: end), !self.isFollowedByQuotation(index, before: end),
                self.isStrictAttribution(start...index)
            {
                return start
            }
        }
        return nil
    }

    /// Outlook draws a line above its block.
    private func withRuleAbove(_ index: Int) -> Int {
        var start = index
        while start > 0, self.lines[start - 1].isEmpty || self.lines[start - 1].isRule { start -= 1 }
        return start
    }

    /// From, then two more labels of an earlier mail's header, a date or a subject among them, on lines that follow one another.
    private func isHeaderBlock(at index: Int) -> Bool {
        guard self.lines[index].label == .from else { return false }
        var found: Set<TextLine.Label> = [.from]
        var misses = 0
        for line in self.lines[(index + 1)...].prefix(10) {
            if let label = line.label {
                found.insert(label)
            } else if line.isEmpty || misses == 2 {
                break
            } else {
                misses += 1  // a long list of recipients goes on
            }
        }
        return found.count >= 3 && (found.contains(.sent) || found.contains(.subject))
    }

    private mutating func dropQuotations(before limit: Int) {
        let quoted = (0..<limit).filter { self.lines[$0].isQuoted }
        guard let first = quoted.first, let last = quoted.last else { return }
        var hasAttribution = false
        for index in 0..<limit where self.lines[index].endsLikeAttribution && self.isFollowedByQuotation(index, before: limit) {
            guard let start = self.attribution(endingAt: index, before: limit) else { continue }
            for line in start...index { self.isDropped[line] = true }
            hasAttribution = true
        }
        // Without an introduction, only what stands at an end is surely an earlier mail; in the middle it may be anything.
        let said = (0..<limit).filter { !self.lines[$0].isEmpty && !self.lines[$0].isQuoted && !self.isDropped[$0] }
        let isAtStart = said.first.map { first < $0 } ?? true
        let isAtEnd = said.last.map { last > $0 && !self.lines[$0].endsLikeAttribution } ?? true
        for index in quoted {
            let isOutside = (isAtStart && said.first.map { index < $0 } ?? true) || (isAtEnd && said.last.map { index > $0 } ?? true)
            if hasAttribution || self.lines[index].isSurelyQuoted || isOutside { self.isDropped[index] = true }
        }
    }

    /// Below two dashes and a blank (RFC 3676 section 4.3), or a program's own words about itself.
    private mutating func dropSignature(before limit: Int) {
        let shown = (0..<limit).filter { !self.isDropped[$0] && !self.lines[$0].isEmpty }
        if let start = shown.first(where: { self.lines[$0].isSignatureMark }), start != shown.first {
            for index in start..<limit { self.isDropped[index] = true }
        }
    }

    // MARK: - Attributions

    private func isFollowedByQuotation(_ index: Int, before end: Int) -> Bool {
        var next = index + 1
        while next < end, self.lines[next].isEmpty, next - index < 4 { next += 1 }
        return next < end && self.lines[next].isQuoted
    }

    /// The first line of the words that introduce an earlier mail and end here; nil when they do not.
    private func attribution(endingAt index: Int, before end: Int) -> Int? {
        guard self.lines[index].endsLikeAttribution, !self.lines[index].isQuoted else { return nil }
        var start = index
        var signs = self.lines[index].signs
        // Programs wrap them: up to three lines more, as long as something is missing and the paragraph goes on.
        while !(signs.contains(.date) && (signs.contains(.address) || signs.contains(.verb))), start > 0, index - start < 3,
            !self.lines[start - 1].isEmpty, !self.lines[start - 1].isQuoted, self.lines[start - 1].couldWrap
        {
            let above = self.lines[start - 1].signs
            guard !above.isEmpty else { break }
            start -= 1
            signs.formUnion(above)
        }
        if signs.contains(.date) && signs.contains(.time) || signs.contains(.address) { return start }
        return self.lines[index].signs.contains(.verb) ? index : nil
    }

    /// Whether it can be nothing else, although no quotation is marked below.
    private func isStrictAttribution(_ range: ClosedRange<Int>) -> Bool {
        let signs = range.reduce(into: TextLine.Signs()) { $0.formUnion(self.lines[$1].signs) }
        return signs.contains(.date) && signs.contains(.time) && (signs.contains(.address) || signs.contains(.verb))
    }
}
