import Foundation

/// HTML as a person would read it: plain text with line breaks where blocks break.
package enum HTMLText {
    /// Before a line that an HTML mail's own markup says is quoted. A private character: no mail means anything by it.
    static let quoteMark: Character = "\u{E0F0}"

    package static func text(of html: String) -> String {
        self.unmarked(self.render(html, in: .answer))
    }

    static func unmarked(_ text: String) -> String { text.replacing("\(self.quoteMark)", with: "") }

    /// The text with `quoteMark` before what mail programs marked up as the mail that is answered, and `> ` before other quotations.
    ///
    /// - Parameter kind: in a forward, what stands where answered mails do is the one that is passed on, and content.
    static func markedText(of html: String, in kind: VisibleText.Kind) -> String { self.render(html, in: kind) }

    private static func render(_ html: String, in kind: VisibleText.Kind) -> String {
        var writer = TextWriter()
        HTMLTree(html).walk { step in
            switch step {
            case .text(let text): writer.write(text)
            case .open(let element):
                if self.unseen.contains(element.name) || self.isHidden(element) { return false }
                writer.open(element, as: writer.isDeep ? nil : self.quotation(of: element, in: kind))
            case .close(let element): writer.close(element)
            }
            return true
        }
        return writer.finished()
    }

    private static let unseen: Set<String> = [
        "script", "style", "head", "title", "noscript", "template", "iframe", "object", "embed", "applet", "svg", "math", "select",
        "textarea",
        "audio", "video", "canvas", "map",
    ]

    /// The lines before the real ones that only a list of mails shows.
    private static func isHidden(_ element: HTMLElement) -> Bool {
        guard let style = element["style"]?.lowercased() else { return false }
        let packed = style.filter { !$0.isWhitespace }
        return packed.contains("display:none") || packed.contains("mso-hide:all") || packed.contains("visibility:hidden")
    }

    enum Quotation {
        case answered
        case other
        /// Gmail's container, in which answers stand between the pieces of the mail that is answered.
        case wrapper
        /// The head of the mail that is answered, which goes on behind it to the end: Outlook's and Hotmail's, in any language.
        case rest
    }

    /// What mail programs put around the mail that is answered. One that is passed on is content.
    private static func quotation(of element: HTMLElement, in kind: VisibleText.Kind) -> Quotation? {
        let isQuote = element.name == "blockquote"
        let classes = Set((element["class"] ?? "").lowercased().split(whereSeparator: \.isWhitespace).map(String.init))
        let id = (element["id"] ?? "").lowercased()
        let isMarked =
            !classes.isDisjoint(with: self.answeredClasses) || self.answeredIDs.contains(id)
            || element["data-marker"] == "__QUOTED_TEXT__" || (element.name == "div" && element["name"] == "quote")
            || (isQuote && element["type"]?.lowercased() == "cite")
        let isWrapper = !isQuote && !classes.isDisjoint(with: self.wrapperClasses)
        let isHead = kind != .new && self.isHead(element, id: id, classes: classes)
        guard isMarked || isWrapper || isHead else { return isQuote ? .other : nil }
        if kind == .forward || QuoteWords.opensForward(element.beginning) { return nil }
        return isHead ? .rest : isWrapper ? .wrapper : .answered
    }

    /// Outlook's programs name the head of an answered mail, but that for the desktop draws a line above it and says no more.
    private static func isHead(_ element: HTMLElement, id: String, classes: Set<String>) -> Bool {
        if self.headIDs.contains(id) || classes.contains("outlookmessageheader") { return true }
        guard element.name == "div", let style = element["style"]?.lowercased().filter({ !$0.isWhitespace }) else { return false }
        return style.contains("border:none;border-top:solid#") && style.contains("padding:3.0pt0") && element.beginning.contains(":")
    }

    private static let headIDs: Set<String> = ["divrplyfwdmsg", "stopspelling"]
    private static let wrapperClasses: Set<String> = ["gmail_quote", "gmail_quote_container", "gmail_extra"]
    /// Gmail, Thunderbird, Yahoo, Proton, Tutanota, Outlook for iOS, Zoho, GMX, Front, HEY, Missive.
    private static let answeredClasses: Set<String> = [
        "gmail_quote", "gmail_attr", "moz-cite-prefix", "yahoo_quoted", "protonmail_quote", "tutanota_quote",
        "ms-outlook-mobile-reference-message", "zmail_extra", "front-blockquote", "hey_quote", "missive_quote", "mailbird_quote",
        "quoted_text",
        "airmail_quote", "sh-quoted-content", "freshdesk_quote", "gorgias-quote", "aol_quote", "mcntmcontainer",
    ]
    private static let answeredIDs: Set<String> = [
        "yahoo_quoted", "zmail_extra", "mail-editor-reference-message-container", "reply-intro", "isreplycontent",
        "orimsghtmlseperator", "quotedtext", "aolmail_quote",
    ]
}

/// Text with blocks, breaks, lists and quotations, as the walk finds them.
private struct TextWriter {
    private var lines: [String] = []
    private var line = ""
    private var prefixes: [String] = []
    private var openQuotations: [AnyHashable] = []
    /// The outermost one: where its lines begin, and whether it says what in it is quoted.
    private var wrapper: (identity: AnyHashable, start: Int, hasQuotation: Bool)?
    private var isRestAnswered = false
    /// Where the lines of the innermost quotation begin.
    private var beginning = 0
    /// No mail was answered so often; further quotations within are no more quoted than these.
    var isDeep: Bool { self.prefixes.count >= 50 }
    private var preformatted = 0

    mutating func write(_ text: String) {
        let text = HTMLText.unmarked(text)
        if self.preformatted > 0 {
            for (index, part) in text.split(separator: "\n", omittingEmptySubsequences: false).enumerated() {
                if index > 0 { self.breakLine() }
                self.line += part
            }
            return
        }
        for character in text {
            if character.isWhitespace && character != "\u{a0}" {
                if !self.line.isEmpty, self.line.last != " " { self.line.append(" ") }
            } else if character == "\u{200b}" || character == "\u{feff}" || character == "\u{34f}" {
                continue
            } else {
                self.line.append(character == "\u{a0}" ? " " : character)
            }
        }
    }

    mutating func open(_ element: HTMLElement, as quotation: HTMLText.Quotation?) {
        switch element.name {
        case "br": self.breakLine()
        case "hr":
            self.endLine()
            self.lines.append(self.prefix)
        case "img":
            if let alternative = element["alt"], !alternative.isEmpty, element["src"]?.hasPrefix("cid:") != true { self.write(alternative) }
        case "td", "th": if !self.line.isEmpty { self.write(" ") }
        case "li":
            self.endLine()
            self.line = "- "
        case "pre":
            self.endLine()
            self.preformatted += 1
        case let name where Self.blocks.contains(name):
            self.endLine()
            if Self.paragraphs.contains(name) { self.partParagraphs() }
        default: break
        }
        switch quotation {
        case .rest?:
            self.endLine()
            // Within a quotation it is a mail that was answered before, and ends with that.
            if self.prefixes.isEmpty { self.isRestAnswered = true }
        case .wrapper?:
            self.endLine()
            if self.wrapper == nil { self.wrapper = (element.identity, self.lines.count, false) }
        case let quotation?:
            self.endLine()
            self.wrapper?.hasQuotation = true
            let isAnswered = quotation == .answered || self.wrapper != nil
            self.prefixes.append(isAnswered ? "\(HTMLText.quoteMark)" : "> ")
            self.openQuotations.append(element.identity)
            self.beginning = self.lines.count
        case nil: break
        }
    }

    mutating func close(_ element: HTMLElement) {
        let name = element.name
        if name == "pre" { self.preformatted -= 1 }
        if name == "pre" || name == "li" || Self.blocks.contains(name) {
            self.endLine()
            if Self.paragraphs.contains(name) { self.partParagraphs() }
        }
        if let last = self.openQuotations.last, last == element.identity {
            self.endLine()
            while self.lines.count > self.beginning, self.lines.last == self.prefix { self.lines.removeLast() }
            self.openQuotations.removeLast()
            self.prefixes.removeLast()
            self.partParagraphs()
        }
        if let wrapper, wrapper.identity == element.identity { self.closeWrapper(wrapper.start, hasQuotation: wrapper.hasQuotation) }
    }

    /// One that says of nothing in it that it is quoted is quoted as a whole.
    private mutating func closeWrapper(_ start: Int, hasQuotation: Bool) {
        self.endLine()
        self.wrapper = nil
        guard !hasQuotation else { return }
        for index in start..<self.lines.count { self.lines[index] = "\(HTMLText.quoteMark)" + self.lines[index] }
    }

    private var prefix: String { (self.isRestAnswered ? "\(HTMLText.quoteMark)" : "") + self.prefixes.prefix(8).joined() }

    private mutating func breakLine() {
        let words = self.line.trimmingSuffix(while: \.isWhitespace)
        // Its blank tells the mark of a signature from two dashes.
        self.lines.append(self.prefix + (words == "--" && self.line.hasPrefix("-- ") ? "-- " : words))
        self.line = ""
    }
    private mutating func endLine() { if !self.line.allSatisfy(\.isWhitespace) { self.breakLine() } else { self.line = "" } }

    /// An empty line, but none at the edges of a quotation.
    private mutating func partParagraphs() {
        if self.lines.count > self.beginning, self.lines.last != self.prefix { self.lines.append(self.prefix) }
    }

    mutating func finished() -> String {
        self.endLine()
        return self.lines.joined(separator: "\n")
    }

    private static let paragraphs: Set<String> = ["p", "h1", "h2", "h3", "h4", "h5", "h6", "ul", "ol", "table", "blockquote"]
    private static let blocks: Set<String> = paragraphs.union([
        "div", "tr", "section", "article", "header", "footer", "address", "dl", "dt", "dd", "fieldset", "form", "figure", "figcaption",
        "main", "nav",
        "aside", "center", "body", "html", "thead", "tbody", "tfoot", "caption", "details", "summary",
    ])
}

extension String {
    fileprivate func trimmingSuffix(while isTrimmed: (Character) -> Bool) -> Substring {
        var end = self[...]
        while let last = end.last, isTrimmed(last) { end.removeLast() }
        return end
    }
}
