import Channels
import Curl
import Parley

extension Fields {
    /// A message's body: `{"type": "text", "text": {"text": "…"}, "subject": "…", "html": "…", "media": […], "buttons": […]}`.
    ///
    /// - Parameter egress: where files may be fetched from.
    mutating func messageBody(_ name: String, for capabilities: Capabilities?, egress: EgressPolicy) -> Body {
        var body = Body(text: "")
        guard let value = self.required(name) else { return body }
        guard var fields = try? Fields(value, pointer: "/\(name)") else {
            self.fail(name, "wrong_type", "Must be an object.")
            return body
        }
        if fields.requiredLine("type") != "text", fields.errors.isEmpty { fields.fail("type", "invalid_choice", "One of text.") }
        body.media = fields.list("media") { item, pointer, errors in Self.media(item, pointer, egress, &errors) }
        body.subject = fields.line("subject", upTo: 500)
        // What it may do is settled here, once: whoever shows it later can trust it.
        if fields.value("html") != nil { body.html = HTMLSanitizer.sanitized(fields.text("html", TextRule(limit: 500_000))) }
        body.buttons = fields.list("buttons") { item, pointer, errors in Self.button(item, pointer, &errors) }
        let rule = TextRule(capabilities)
        if let inner = fields.value("text") {
            if var text = try? Fields(inner, pointer: "/\(name)/text") {
                body.text = text.text("text", rule)
                do throws(Problem) { try text.finish() } catch { fields.merge(error.errors) }
            } else {
                fields.fail("text", "wrong_type", "Must be an object.")
            }
        }
        if body.media.isEmpty, fields.errors.isEmpty, let mistake = rule.mistake(inAll: body.text) { fields.fail("text/text", mistake) }
        do throws(Problem) { try fields.finish() } catch { self.merge(error.errors) }
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

    private mutating func list<T>(_ name: String, _ read: (JSON, String, inout [Problem.Field]) -> T?) -> [T] {
        guard let value = self.value(name) else { return [] }
        guard let items = value.array, items.count <= 10 else {
            self.fail(name, "wrong_type", "A list of at most 10.")
            return []
        }
        var errors: [Problem.Field] = []
        let read = items.enumerated().compactMap { read($1, "/body/\(name)/\($0)", &errors) }
        self.merge(errors)
        return read
    }

    private static func media(
        _ item: JSON,
        _ pointer: String,
        _ egress: EgressPolicy,
        _ errors: inout [Problem.Field]
    ) -> Media? {
        guard var fields = try? Fields(item, pointer: pointer) else {
            errors.append(Problem.Field(pointer: pointer, code: "wrong_type", detail: "Must be an object."))
            return nil
        }
        let attachment = fields.id("attachmentId", as: AttachmentID.self)
        let media = Media(
            url: attachment == nil ? fields.requiredLine("url", upTo: 2048) : "",
            contentType: fields.line("contentType"),
            filename: fields.line("filename"),
            attachment: attachment
        )
        if !media.url.isEmpty {
            do throws(TransferError) { try egress.check(url: media.url) } catch { fields.fail("url", error.reason.rawValue, error.detail) }
        }
        do throws(Problem) { try fields.finish() } catch { errors += error.errors }
        return media
    }

    private static func button(_ item: JSON, _ pointer: String, _ errors: inout [Problem.Field]) -> Button? {
        guard var fields = try? Fields(item, pointer: pointer) else {
            errors.append(Problem.Field(pointer: pointer, code: "wrong_type", detail: "Must be an object."))
            return nil
        }
        let button = Button(
            title: fields.requiredLine("title", upTo: 80),
            value: fields.line("value"),
            url: fields.line("url", upTo: 2048)
        )
        if let url = button.url, url.prefixMatch(of: /(?i:https?|mailto|tel):/) == nil {
            fields.fail("url", "scheme_not_allowed", "Must be an http, https, mailto or tel URL.")
        }
        do throws(Problem) { try fields.finish() } catch { errors += error.errors }
        return button
    }
}
