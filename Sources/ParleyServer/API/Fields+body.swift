import Channels
import Curl
import Parley

extension Fields {
    /// A message's body: `{"type": "text", "text": {"text": "…"}, "subject": "…", "html": "…", "media": […], "buttons": […]}`.
    ///
    /// - Parameter egress: where files may be fetched from.
    mutating func messageBody(_ name: String, for capabilities: Capabilities?, egress: EgressPolicy) -> Body {
        guard self.required(name) != nil else { return Body(text: "") }
        return self.object(name) { $0.bodyMembers(for: capabilities, egress: egress) } ?? Body(text: "")
    }

    private mutating func bodyMembers(for capabilities: Capabilities?, egress: EgressPolicy) -> Body {
        var body = Body(text: "")
        if self.requiredLine("type") != "text", self.errors.isEmpty { self.fail("type", "invalid_choice", "One of text.") }
        body.media = self.objects("media", upTo: 10) { $0.media(egress) }
        body.subject = self.line("subject", upTo: 500)
        // What it may do is settled here, once: whoever shows it later can trust it.
        if self.value("html") != nil { body.html = HTMLSanitizer.sanitized(self.text("html", TextRule(limit: 500_000))) }
        body.buttons = self.objects("buttons", upTo: 10) { $0.button() }
        let rule = TextRule(capabilities)
        body.text = self.object("text") { $0.text("text", rule) } ?? ""
        if body.media.isEmpty, self.errors.isEmpty, let mistake = rule.mistake(inAll: body.text) { self.fail("text/text", mistake) }
        return body
    }

    private mutating func text(_ name: String, _ rule: TextRule) -> String {
        guard let value = self.required(name) else { return "" }
        guard let text = value.string else {
            self.fail(name, "wrong_type", "Must be a string.")
            return ""
        }
        if let mistake = rule.mistake(in: text) { self.fail(name, mistake) }
        return text
    }

    private mutating func media(_ egress: EgressPolicy) -> Media {
        let attachment = self.id("attachmentId", as: AttachmentID.self)
        let media = Media(
            url: attachment == nil ? self.requiredLine("url", upTo: 2048) : "",
            contentType: self.line("contentType"),
            filename: self.line("filename"),
            attachment: attachment
        )
        if !media.url.isEmpty {
            do throws(TransferError) { try egress.check(url: media.url) } catch { self.fail("url", error.reason.rawValue, error.detail) }
        }
        return media
    }

    private mutating func button() -> Button {
        let button = Button(
            title: self.requiredLine("title", upTo: 80),
            value: self.line("value"),
            url: self.line("url", upTo: 2048)
        )
        if let url = button.url, url.prefixMatch(of: /(?i:https?|mailto|tel):/) == nil {
            self.fail("url", "scheme_not_allowed", "Must be an http, https, mailto or tel URL.")
        }
        return button
    }
}
