/// What a channel can show, as its adapter declares it. What it cannot is degraded: buttons to numbered text, media to links.
package struct Capabilities: Hashable, Sendable, Codable {
    package enum TextEncoding: String, Hashable, Sendable, Codable, CaseIterable { case gsm7, unicode }
    package enum Buttons: String, Hashable, Sendable, Codable, CaseIterable { case native, text }

    /// How text is counted: SMS segments, or characters.
    package var textEncoding: TextEncoding
    /// What one request may carry: SMS segments for `gsm7`, characters for `unicode`. Longer text goes out as several parts.
    package var textLimit: Int
    package var mediaCount: Int
    /// Bytes of one file.
    package var mediaBytes: Int64
    package var buttons: Buttons
    package init(textEncoding: TextEncoding, textLimit: Int, mediaCount: Int, mediaBytes: Int64, buttons: Buttons) {
        self.textEncoding = textEncoding
        self.textLimit = textLimit
        self.mediaCount = mediaCount
        self.mediaBytes = mediaBytes
        self.buttons = buttons
    }
}
