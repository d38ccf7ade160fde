internal import Foundation
internal import Parley

/// The text and the HTML of a mail made of a message: what is not text becomes lines of it.
struct MailText: Hashable, Sendable {
    var text: String
    var html: String
    var degradations: [String] = []

    /// - Parameter links: media that do not come along as files.
    init(_ body: Body, links: [Media]) {
        var lines: [(text: String, html: String)] = []
        for media in links {
            let name = media.filename ?? media.url
            lines.append((media.filename.map { "\($0): \(media.url)" } ?? media.url, Self.link(media.url, name)))
        }
        for button in body.buttons {
            if let url = button.url {
                lines.append(("\(button.title): \(url)", Self.link(url, button.title)))
            } else {
                lines.append(("- \(button.title)", Self.escaped(button.title)))
            }
        }
        self.text = ([body.text] + lines.map(\.text)).filter { !$0.isEmpty }.joined(separator: "\n")
        let html = body.html ?? Self.html(body.text)
        self.html = ([html] + lines.map { "<p>\($0.html)</p>" }).filter { !$0.isEmpty }.joined(separator: "\n")
        if !links.isEmpty { self.degradations.append("media_as_links") }
        if !body.buttons.isEmpty { self.degradations.append("buttons_as_text") }
    }

    /// Paragraphs and lines as they were; URLs can be followed.
    private static func html(_ text: String) -> String {
        let paragraphs = text.replacing("\r\n", with: "\n").split(separator: /\n{2,}/)
        return paragraphs.map { "<p>\(self.linked($0).replacing("\n", with: "<br>\n"))</p>" }.joined(separator: "\n")
    }

    private static func linked(_ text: Substring) -> String {
        var html = ""
        var rest = text
        while let match = rest.firstMatch(of: /https?:\/\/[^\s<>"]+/) {
            var url = match.output
            while let last = url.last, ".,;:!?)]'".contains(last) { url = url.dropLast() }
            html += self.escaped(rest[..<match.range.lowerBound]) + self.link(String(url), String(url))
            rest = rest[url.endIndex...]
        }
        return html + self.escaped(rest)
    }

    private static func link(_ url: String, _ name: String) -> String {
        guard url.hasPrefix("https://") || url.hasPrefix("http://") || url.hasPrefix("mailto:") else { return self.escaped(name) }
        return "<a href=\"\(self.escaped(url))\">\(self.escaped(name))</a>"
    }

    private static func escaped(_ text: some StringProtocol) -> String {
        var out = ""
        for character in text.unicodeScalars {
            switch character {
            case "&": out += "&amp;"
            case "<": out += "&lt;"
            case ">": out += "&gt;"
            case "\"": out += "&quot;"
            default: out.unicodeScalars.append(character)
            }
        }
        return out
    }
}
