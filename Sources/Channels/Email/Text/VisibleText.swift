import Foundation

/// The new words of a mail: without the mail it answers, what introduces that, and the signature.
///
/// Works line by line and looks at each line a fixed number of times, so its time grows with the text and with nothing else. When nothing
/// would be left, all is kept. A mail that is passed on is content.
package struct VisibleText {
    /// What the header says of the mail.
    package enum Kind: Sendable {
        /// It answers: an earlier mail below is the one that is answered.
        case answer
        /// It passes one on: whatever looks like an earlier mail is the one it is about.
        case forward
        /// Neither: the header of a mail within is of one that is passed on, and what is quoted is quoted.
        case new
    }

    package static func of(plain text: String, in kind: Kind = .answer) -> String { self.of(marked: HTMLText.unmarked(text), in: kind) }

    package static func of(html: String, in kind: Kind = .answer) -> String {
        self.of(marked: HTMLText.markedText(of: html, in: kind), in: kind)
    }

    /// - Parameter text: with `HTMLText.quoteMark` before the lines that markup says are quoted.
    static func of(marked text: String, in kind: Kind) -> String {
        var body = VisibleText(text, kind: kind)
        body.strip()
        let visible = body.text
        return visible.isEmpty ? Self.tidy(VisibleText(text, kind: kind).lines.map(\.shown)) : visible
    }

    /// Lines that are looked at; what stands behind them is kept as it is. Nobody answers under so much.
    private static let longest = 4_000

    private var lines: [TextLine]
    private var isDropped: [Bool]
    private let kind: Kind

    private init(_ text: String, kind: Kind) {
        let text = text.replacing("\r\n", with: "\n").replacing("\r", with: "\n")
        self.lines = text.split(separator: "\n", omittingEmptySubsequences: false).enumerated().map { index, line in
            TextLine(String(line), isInReach: index < Self.longest)
        }
        self.isDropped = Array(repeating: false, count: self.lines.count)
        self.kind = kind
        self.markBars()
    }

    /// Bars quote where words introduce them.
    private mutating func markBars() {
        for index in self.lines.indices.dropFirst() where self.lines[index].isBarred {
            let above = self.lines[index - 1]
            if above.isBarred && above.isQuoted || above.endsLikeAttribution && above.signs.contains(.verb) {
                self.lines[index].isQuoted = true
            }
        }
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
        let end = self.lines.indices.first { self.opensForward(at: $0) } ?? self.lines.count
        let cut = self.firstCut(before: end)
        if self.kind == .forward {
            let isAlone = cut == nil && end == self.lines.count && !self.lines.contains { $0.isQuoted }
            if isAlone { self.dropSignature(before: end) }
            return
        }
        if let cut { for index in cut..<self.lines.count { self.isDropped[index] = true } }
        let limit = cut ?? end
        // First, as a quotation at the end may have the signature below it.
        if end == self.lines.count || cut != nil { self.dropSignature(before: limit) }
        self.dropQuotations(before: limit)
    }

    /// Where a mail begins that is passed on: from there on everything is content.
    private func opensForward(at index: Int) -> Bool {
        let line = self.lines[index]
        if line.namesForward { return true }
        if line.mayOpenForward, self.firstLine(below: index, before: self.lines.count)?.isHeader == true { return true }
        return self.kind == .new && (line.namesOriginal || self.isHeaderBlock(at: index))
    }

    /// Where the earlier mail begins that goes on to the end: under a line that says so, or a block of its headers.
    private func firstCut(before end: Int) -> Int? {
        for index in 0..<end {
            let line = self.lines[index]
            if line.isEmpty || line.isQuoted { continue }
            if line.namesOriginal || self.asksForReplyAbove(at: index) || self.isHeaderBlock(at: index) { return self.withRuleAbove(index) }
            if let start = self.attribution(endingAt: index, before: end), self.isStrictAttribution(start...index, before: end) {
                return self.withRuleAbove(start)
            }
        }
        return nil
    }

    /// With the lines that programs draw above what they quote: a rule, and a name of it between dashes, or some of its header.
    private func withRuleAbove(_ index: Int) -> Int {
        let header = self.lines[..<index].suffix(4).reversed().prefix(while: \.isHeader).count
        var start = header < index && self.lines[index - header - 1].isRule ? index - header : index
        var hasName = false
        while start > 0 {
            let above = self.lines[start - 1]
            guard above.isEmpty || above.isRule || (above.isFramed && !hasName) else { break }
            if above.isFramed { hasName = true }
            start -= 1
        }
        return start
    }

    private func isHeaderBlock(at index: Int) -> Bool {
        guard let label = self.lines[index].label, label != .unknown else { return false }
        var block = HeaderBlock()
        for line in self.lines[index...].prefix(HeaderBlock.longest) where !block.take(line) { break }
        return block.isEarlierMail
    }

    /// A request in words alone is a program's when it stands apart.
    private func asksForReplyAbove(at index: Int) -> Bool {
        func isEdge(_ index: Int) -> Bool { !self.lines.indices.contains(index) || self.lines[index].isEmpty || self.lines[index].isRule }
        switch self.lines[index].replyRequest {
        case .marked: return true
        case .bare: return isEdge(index - 1) && isEdge(index + 1)
        case nil: return false
        }
    }

    private mutating func dropQuotations(before limit: Int) {
        let quoted = (0..<limit).filter { self.lines[$0].isQuoted }
        guard let first = quoted.first, let last = quoted.last else { return }
        var hasAttribution = false
        for index in 0..<limit where self.lines[index].endsLikeAttribution && self.isFollowedByQuotation(index, before: limit) {
            guard let start = self.attribution(endingAt: index, before: limit) else { continue }
            for line in self.withRuleAbove(start)...index where !self.lines[line].isEmpty { self.isDropped[line] = true }
            hasAttribution = true
        }
        if self.holdsAttribution(from: first, before: limit) { hasAttribution = true }
        // Without an introduction, only what stands at an end is surely an earlier mail; in the middle it may be anything.
        let said = (0..<limit).filter { !self.lines[$0].isEmpty && !self.lines[$0].isQuoted && !self.isDropped[$0] }
        let isAtStart = said.first.map { first < $0 } ?? true
        // Who begins with a quotation and quotes on answers piece by piece.
        if isAtStart, let answer = said.first, last > answer { hasAttribution = true }
        let isAtEnd = said.last.map { last > $0 && (self.lines[$0].isFramed || !self.lines[$0].endsLikeAttribution) } ?? true
        for index in quoted {
            let isOutside = (isAtStart && said.first.map { index < $0 } ?? true) || (isAtEnd && said.last.map { index > $0 } ?? true)
            if hasAttribution || self.lines[index].isSurelyQuoted || isOutside { self.isDropped[index] = true }
        }
        if isAtEnd, let start = quoted.first(where: { index in said.last.map { index > $0 } ?? true }) {
            for line in self.withRuleAbove(start)..<start { self.isDropped[line] = true }
        }
    }

    /// Apple's programs quote even the words that introduce the quotation.
    private func holdsAttribution(from start: Int, before end: Int) -> Bool {
        var words = ""
        for line in self.lines[start..<end].prefix(3) {
            guard line.isQuoted else { return false }
            words += (words.isEmpty ? "" : " ") + line.unquoted
            let line = TextLine(words)
            if line.namesOriginal { return true }
            if line.endsLikeAttribution { return line.signs.contains(.date) && !line.signs.isDisjoint(with: [.verb, .address]) }
        }
        return false
    }

    private mutating func dropSignature(before limit: Int) {
        let shown = (0..<limit).filter { !self.isDropped[$0] && !self.lines[$0].isEmpty }
        if let start = shown.first(where: { self.isSignatureMark(at: $0, before: limit) }), start != shown.first {
            for index in start..<limit { self.isDropped[index] = true }
        }
    }

    /// Two dashes and a blank, or without the blank when a few short lines, as signatures are, are all that follows an empty line.
    private func isSignatureMark(at index: Int, before limit: Int) -> Bool {
        if self.lines[index].isSignatureMark { return true }
        guard self.lines[index].isBareSignatureMark, index > 0, self.lines[index - 1].isEmpty else { return false }
        let below = self.lines[(index + 1)..<limit].lazy.filter { !$0.isEmpty }.prefix(11)
        return below.count <= 10 && below.allSatisfy(\.isShort)
    }

    // MARK: - Attributions

    private func isFollowedByQuotation(_ index: Int, before end: Int) -> Bool {
        self.firstLine(below: index, before: end)?.isQuoted ?? false
    }

    /// The line with something on it that comes next, over three empty ones at most.
    private func firstLine(below index: Int, before end: Int) -> TextLine? {
        self.lines[(index + 1)..<end].prefix(4).first { !$0.isEmpty }
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
            // A long name may fill a line.
            let count = self.lines[start - 1].signs.isEmpty ? 2 : 1
            guard count == 1 || (index - start < 2 && self.isDated(start - 2)) else { break }
            start -= count
            signs.formUnion(self.lines[start].signs)
        }
        if self.lines[start].beginsWithAddress, start > 0, !self.lines[start - 1].isEmpty, !self.lines[start - 1].isQuoted { start -= 1 }
        if signs.contains(.date) && signs.contains(.time) || signs.contains(.address) { return start }
        return self.lines[index].signs.contains(.verb) && self.lines[index].isBrief ? index : nil
    }

    /// `Mon, 2 Mar 2026, 09:14, Support <support@bridge.test>:`, where no word is left for a sentence.
    private func isDateAndMailbox(_ range: ClosedRange<Int>) -> Bool {
        self.lines[range.upperBound].endsInMailbox && range.reduce(0) { $0 + self.lines[$1].wordCount } <= 10
    }

    private func isDated(_ index: Int) -> Bool { index >= 0 && self.lines[index].signs.contains(.date) }

    /// Whether it can be nothing else, although no quotation is marked below: only then is it as good as a line that names it.
    private func isStrictAttribution(_ range: ClosedRange<Int>, before end: Int) -> Bool {
        let signs = range.reduce(into: TextLine.Signs()) { $0.formUnion(self.lines[$1].signs) }
        guard signs.isSuperset(of: [.date, .time]), signs.contains(.verb) || self.isDateAndMailbox(range) else { return false }
        guard let below = self.firstLine(below: range.upperBound, before: end) else { return true }
        return !below.isQuoted && !below.opensSpeech
    }
}
