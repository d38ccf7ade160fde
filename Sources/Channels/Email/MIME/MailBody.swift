internal import Foundation
package import Parley

/// What of a mail is read, and what is kept as files.
package struct MailBody: Hashable, Sendable {
    /// One piece of what is read: pieces follow one another where text stands before and behind a picture.
    struct Piece: Hashable, Sendable {
        /// From text/plain; nil when there is none with anything in it.
        var plain: String?
        var html: String?
    }
    /// A file, and how the mail shows it.
    package struct File: Hashable, Sendable {
        package var file: AttachmentFile
        package var isInline: Bool
        package var contentID: String?
        package var media: Media { self.file.media(isInline: self.isInline, contentID: self.contentID) }
    }

    var pieces: [Piece] = []
    package private(set) var files: [File] = []
    /// Invitations among alternatives: files only when the same does not come as a file too.
    private var calendars: [MailPart] = []

    package init(_ mail: MailPart) {
        self.take(mail, as: .root)
        for calendar in self.calendars {
            guard case .bytes(let bytes) = calendar.content, !self.files.contains(where: { $0.file.bytes == bytes }) else { continue }
            self.addFile(calendar, bytes, as: .member)
            if self.pieces.isEmpty, let words = CalendarText.summary(of: Charset.text(bytes, label: calendar.type.parameters["charset"])) {
                self.pieces.append(Piece(plain: words))
            }
        }
        // A picture that the page shows is part of it, wherever it stands in the mail.
        let shown = Self.contentIDs(in: self.html ?? "")
        for index in self.files.indices where self.files[index].contentID.map(shown.contains) == true { self.files[index].isInline = true }
    }

    /// What a page shows by `cid:`, as it stands and with its escapes undone (RFC 2392).
    private static func contentIDs(in html: String) -> Set<String> {
        var found: Set<String> = []
        for piece in html.split(separator: "cid:").dropFirst(html.hasPrefix("cid:") ? 0 : 1) {
            let id = String(piece.prefix(900).prefix { !"\"'<>) \t\r\n".contains($0) })
            found.insert(id)
            if let plain = id.removingPercentEncoding { found.insert(plain) }
        }
        return found
    }

    /// Where a part stands.
    private enum Place {
        case root
        /// One of several forms of the same.
        case alternative
        /// Beside others.
        case member
        /// What a page refers to.
        case related
    }

    // MARK: - Text

    /// All of it as plain text, pieces parted by an empty line; empty when there is none.
    package var text: String {
        self.pieces.compactMap { $0.plain ?? $0.html.map(HTMLText.text) }.filter { !$0.isEmpty }.joined(separator: "\n\n")
    }

    /// As it came, not yet fit to be shown; nil when no part was HTML.
    package var html: String? {
        guard self.pieces.contains(where: { $0.html != nil }) else { return nil }
        return self.pieces.map { $0.html ?? "<p style=\"white-space: pre-wrap\">\(Self.escaped($0.plain ?? ""))</p>" }.joined(
            separator: "\n"
        )
    }

    private static func escaped(_ text: String) -> String {
        text.replacing("&", with: "&amp;").replacing("<", with: "&lt;").replacing(">", with: "&gt;")
    }

    // MARK: - Parts

    private mutating func take(_ part: MailPart, as place: Place) {
        switch part.content {
        case .mail(let bytes): self.addFile(part, bytes, as: place)
        case .bytes(let bytes): self.takeLeaf(part, bytes, as: place)
        case .parts(let parts):
            switch part.type.subtype {
            case "alternative": self.takeAlternative(parts)
            case "related": self.takeRelated(part, parts)
            // What follows the first part is for programs: the report itself and the mail it is about.
            case "report": if let first = parts.first { self.take(first, as: .member) }
            default: for (index, child) in parts.enumerated() { self.take(child, as: index == 0 ? .root : .member) }
            }
        }
    }

    /// Bytes of a mail that are read: one mail costs a second at most (I16). A part of which more is there is kept whole, as a file.
    private struct Allowance: Hashable {
        var plain = 300_000
        var html = 300_000
    }
    private var left = Allowance()

    private mutating func takeLeaf(_ part: MailPart, _ bytes: [UInt8], as place: Place) {
        guard !self.isFile(part, as: place), let (piece, isWhole) = self.piece(part, bytes) else {
            return self.addFile(part, bytes, as: place)
        }
        if piece.plain != nil || piece.html != nil { self.pieces.append(piece) }
        if part.type.subtype == "calendar" || !isWhole { self.addFile(part, bytes, as: place) }
    }

    private func isFile(_ part: MailPart, as place: Place) -> Bool {
        if part.disposition == "attachment" { return true }
        switch place {
        case .alternative: return false
        // Some programs name even the text of the mail.
        case .root: return part.filename != nil && part.type.type != "text"
        case .member: return part.filename != nil
        case .related: return part.filename != nil || part.contentID != nil || part.type.type != "text"
        }
    }

    /// What is read of a part, and whether that is all of it; nil for what is nothing to read.
    private mutating func piece(_ part: MailPart, _ bytes: [UInt8]) -> (Piece, isWhole: Bool)? {
        guard part.type.type == "text" else { return nil }
        let label = part.type.parameters["charset"]
        let read: (String) -> String?
        switch part.type.subtype {
        case "html": return self.page(bytes, label: label)
        case "calendar": read = CalendarText.summary
        case "enriched", "richtext": read = HTMLText.text
        case "plain", "markdown", "x-markdown":
            let isFlowed = part.type.parameters["format"]?.lowercased() == "flowed"
            let deletesSpace = part.type.parameters["delsp"]?.lowercased() == "yes"
            read = { text in
                let lines = text.replacing("\r\n", with: "\n").replacing("\r", with: "\n")
                let text = isFlowed ? FlowedText.joined(lines, deletesSpace: deletesSpace) : lines
                return Self.isBlank(text) ? nil : text
            }
        default: return nil
        }
        let head = Self.beginning(of: bytes, upTo: self.left.plain)
        self.left.plain -= head.count
        return (Piece(plain: head.isEmpty ? nil : read(Charset.text(head, label: label))), head.count == bytes.count)
    }

    /// Without the pictures that stand in it as text, which say nothing and so take nothing of what may be read.
    private mutating func page(_ bytes: [UInt8], label: String?) -> (Piece, isWhole: Bool) {
        guard self.left.html > 0 else { return (Piece(), bytes.isEmpty) }
        let readable = HTMLSource.readable(Charset.html(bytes, label: label).utf8, upTo: self.left.html)
        let isWhole = readable.count < self.left.html
        self.left.html -= readable.count
        let html = Charset.text(readable, label: "utf-8")
        return (Piece(html: Self.isBlank(html) ? nil : html), isWhole)
    }

    /// What of a text is read: whole lines, where it has any.
    private static func beginning(of text: [UInt8], upTo limit: Int) -> [UInt8] {
        guard text.count > limit else { return text }
        let head = text[..<limit]
        return Array(head.lastIndex(of: 0x0a).map { head[...$0] } ?? head)
    }

    /// The forms of one text: its plain words, its page, and what else belongs to them.
    private mutating func takeAlternative(_ parts: [MailPart]) {
        var forms = MailBody()
        forms.left = self.left
        for part in parts {
            if part.type.subtype == "calendar", part.disposition != "attachment" {
                self.calendars.append(part)
            } else if part.type.name != "text/x-amp-html", part.type.name != "text/watch-html" {
                forms.take(part, as: .alternative)
            }
        }
        self.left = forms.left
        let plain = forms.pieces.compactMap(\.plain)
        let pages = forms.pieces.compactMap(\.html)
        if !plain.isEmpty || !pages.isEmpty {
            self.pieces.append(
                Piece(
                    plain: plain.isEmpty ? nil : plain.joined(separator: "\n\n"),
                    html: pages.isEmpty ? nil : pages.joined(separator: "\n")
                )
            )
        }
        self.files += forms.files
        self.calendars += forms.calendars
    }

    /// A page and its pictures; `start` names the page when it is not the first, or `type` says what it is. Source: RFC 2387 section 3.
    private mutating func takeRelated(_ related: MailPart, _ parts: [MailPart]) {
        let start = related.type.parameters["start"]?.trimmingCharacters(in: CharacterSet(charactersIn: "<> "))
        let kind = related.type.parameters["type"]?.lowercased()
        let root =
            start.flatMap { id in parts.firstIndex { $0.contentID == id } }
            ?? parts.firstIndex { $0.type.name == kind }
            ?? parts.firstIndex { $0.type.name == "text/html" || $0.type.type == "multipart" } ?? 0
        for (index, part) in parts.enumerated() { self.take(part, as: index == root ? .root : .related) }
    }

    private init() {}

    private static func isBlank(_ text: String) -> Bool { text.allSatisfy { $0.isWhitespace || $0 == "\u{feff}" || $0 == "\u{200b}" } }

    // MARK: - Files

    private mutating func addFile(_ part: MailPart, _ bytes: [UInt8], as place: Place) {
        let declared = part.type.name
        let name = part.filename ?? Self.name(for: part, number: self.files.count + 1)
        let type = part.type.isMessage ? "message/rfc822" : FileType.sniff(bytes, declared: declared)
        let file = AttachmentFile(
            sha256: Crypto.sha256(bytes),
            contentType: type,
            declaredType: declared,
            filename: name,
            bytes: bytes
        )
        let isInline = part.disposition == "inline" || (place == .related && part.disposition != "attachment" && part.contentID != nil)
        self.files.append(File(file: file, isInline: isInline, contentID: part.contentID))
    }

    /// What a file is called that has no name.
    private static func name(for part: MailPart, number: Int) -> String {
        let ending =
            switch part.type.name {
            case "message/rfc822", "message/global": "eml"
            case "image/jpeg": "jpg"
            case "image/svg+xml": "svg"
            case "text/plain": "txt"
            case "text/calendar", "application/ics": "ics"
            case "application/octet-stream": "bin"
            default: String(part.type.subtype.prefix { $0.isASCII && ($0.isLetter || $0.isNumber) })
            }
        return ending.isEmpty ? "file-\(number)" : "file-\(number).\(ending)"
    }
}
