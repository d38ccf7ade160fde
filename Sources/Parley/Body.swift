/// What a message says, in the shape the API takes and gives: `{"type": "text", "text": {"text": "hello"}}`.
package struct Body: Hashable, Sendable, Codable {
    package var text: String
    package var media: [Media]
    package var buttons: [Button]
    /// Of a mail.
    package var subject: String?
    /// Sanitised: safe to show as it is.
    package var html: String?
    /// All of it as received, where `text` is only what is new; nil when they are the same.
    package var fullText: String?
    package init(
        text: String,
        media: [Media] = [],
        buttons: [Button] = [],
        subject: String? = nil,
        html: String? = nil,
        fullText: String? = nil
    ) {
        self.text = text
        self.media = media
        self.buttons = buttons
        self.subject = subject
        self.html = html
        self.fullText = fullText
    }
}
