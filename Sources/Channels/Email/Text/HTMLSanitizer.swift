import Foundation

/// HTML that may be shown within a page of ours: rebuilt from an allowlist, never the sender's own characters.
///
/// Nothing in it runs, loads or navigates by itself. Pictures of the mail itself are kept; those on the net only as `data-src`, for a
/// reader who asks for them. Every value is written anew, escaped, and within quotes, so that no second parse reads it otherwise (mXSS).
package enum HTMLSanitizer {
    /// Deeper elements are left out, their text stays.
    private static let deepest = 100

    /// - Parameter files: by Content-ID, where the mail's own pictures are.
    package static func sanitized(_ html: String, files: [String: String] = [:]) -> String {
        var output = ""
        var depth = 0
        var written: Set<AnyHashable> = []
        HTMLTree(html).walk { step in
            switch step {
            case .text(let text): output += self.escaped(text)
            case .open(let element):
                let name = element.name
                if self.dropped.contains(name) { return false }
                guard self.allowed.contains(name), depth < self.deepest else { return true }
                output += "<\(name)\(self.attributes(of: element, name, files))>"
                guard !self.void.contains(name) else { return true }
                depth += 1
                written.insert(element.identity)
            case .close(let element):
                guard written.remove(element.identity) != nil else { return true }
                depth -= 1
                output += "</\(element.name)>"
            }
            return true
        }
        return output.trimmingCharacters(in: .whitespacesAndNewlines)
    }

    private static func attributes(of element: HTMLElement, _ name: String, _ files: [String: String]) -> String {
        var text = ""
        for (attribute, value) in element.attributes {
            let value = value.trimmingCharacters(in: .whitespacesAndNewlines)
            switch (name, attribute) {
            case ("a", "href"):
                guard let url = self.link(value) else { continue }
                text += " href=\"\(self.escaped(url))\" target=\"_blank\" rel=\"noopener noreferrer nofollow\""
            case ("img", "src"):
                if value.lowercased().hasPrefix("cid:") {
                    let id = String(value.dropFirst(4))
                    if let url = files[id] ?? id.removingPercentEncoding.flatMap({ files[$0] }) { text += " src=\"\(self.escaped(url))\"" }
                } else if self.isWeb(value) {
                    text += " data-src=\"\(self.escaped(value))\""
                }
            case (_, "style"):
                let style = self.style(value)
                if !style.isEmpty { text += " style=\"\(self.escaped(style))\"" }
            case (_, let attribute) where self.plain.contains(attribute):
                guard value.utf8.count <= 1_000 else { continue }
                text += " \(attribute)=\"\(self.escaped(value))\""
            case (_, let attribute) where self.sizes.contains(attribute):
                guard value.utf8.count <= 16, value.allSatisfy({ $0.isASCII && ($0.isLetter || $0.isNumber || "#%.-".contains($0)) }) else {
                    continue
                }
                text += " \(attribute)=\"\(value)\""
            default: continue
            }
        }
        return text
    }

    // MARK: - Values

    private static func isWeb(_ url: String) -> Bool {
        let start = url.prefix(8).lowercased()
        return url.utf8.count <= 4_096 && (start.hasPrefix("https://") || start.hasPrefix("http://"))
    }

    private static func link(_ url: String) -> String? {
        let packed = url.filter { !$0.isWhitespace && $0.unicodeScalars.allSatisfy { $0.value >= 0x20 && $0.value != 0x7f } }
        let start = packed.prefix(8).lowercased()
        return self.isWeb(packed) || start.hasPrefix("mailto:") || start.hasPrefix("tel:") ? packed : nil
    }

    /// Declarations of harmless properties whose values are plain words, numbers and colours: no function, no escape, no string.
    private static func style(_ text: String) -> String {
        guard text.utf8.count <= 4_096 else { return "" }
        return text.split(separator: ";").compactMap { declaration -> String? in
            let sides = declaration.split(separator: ":", maxSplits: 1)
            guard sides.count == 2 else { return nil }
            let property = sides[0].trimmingCharacters(in: .whitespaces).lowercased()
            let value = sides[1].trimmingCharacters(in: .whitespaces)
            guard self.properties.contains(property), value.utf8.count <= 120,
                value.allSatisfy({ $0.isASCII && ($0.isLetter || $0.isNumber || "#%.,- ".contains($0)) })
            else { return nil }
            return "\(property): \(value)"
        }.joined(separator: "; ")
    }

    static func escaped(_ text: String) -> String {
        var output = ""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "&": output += "&amp;"
            case "<": output += "&lt;"
            case ">": output += "&gt;"
            case "\"": output += "&quot;"
            case "'": output += "&#39;"
            case "`": output += "&#96;"
            case "\t", "\n", "\r": output.unicodeScalars.append(scalar)
            case _ where scalar.value < 0x20 || scalar.value == 0x7f: continue
            default: output.unicodeScalars.append(scalar)
            }
        }
        return output
    }

    // MARK: - The lists

    private static let allowed: Set<String> = [
        "a", "abbr", "b", "bdi", "bdo", "big", "blockquote", "br", "caption", "center", "cite", "code", "col", "colgroup", "dd", "del",
        "dfn", "div", "dl",
        "dt", "em", "figcaption", "figure", "font", "h1", "h2", "h3", "h4", "h5", "h6", "hr", "i", "img", "ins", "kbd", "li", "mark", "ol",
        "p", "pre", "q",
        "rp", "rt", "ruby", "s", "samp", "small", "span", "strike", "strong", "sub", "sup", "table", "tbody", "td", "tfoot", "th", "thead",
        "time", "tr", "tt",
        "u", "ul", "var", "wbr",
    ]
    private static let void: Set<String> = ["br", "col", "hr", "img", "wbr"]
    /// Gone with all that is in them.
    private static let dropped: Set<String> = [
        "script", "style", "head", "title", "noscript", "template", "svg", "math", "iframe", "frame", "frameset", "object", "embed",
        "applet", "textarea",
        "select", "audio", "video", "canvas", "xmp", "plaintext", "noembed", "noframes", "base", "link", "meta", "input", "portal",
        "dialog", "marquee",
    ]
    private static let plain: Set<String> = ["alt", "title", "lang", "dir"]
    private static let sizes: Set<String> = [
        "width", "height", "align", "valign", "colspan", "rowspan", "border", "cellpadding", "cellspacing", "bgcolor", "color", "size",
        "start", "span",
    ]
    private static let properties: Set<String> = [
        "color", "background-color", "font-family", "font-size", "font-style", "font-weight", "font-variant", "line-height", "text-align",
        "text-decoration",
        "text-indent", "text-transform", "vertical-align", "white-space", "direction", "width", "max-width", "height", "padding",
        "padding-top",
        "padding-right", "padding-bottom", "padding-left", "border", "border-top", "border-right", "border-bottom", "border-left",
        "border-color",
        "border-style", "border-width", "border-collapse", "border-spacing", "list-style-type",
    ]
}
