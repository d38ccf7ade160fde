import Parley

/// What the text of one message may be, whoever writes it.
///
/// Stored as it is, bidi controls too: showing it safely is the reader's part (B47).
struct TextRule: Sendable {
    /// In Unicode scalars.
    let limit: Int

    init(limit: Int) { self.limit = limit }

    /// Longer text is cut into parts by the adapter; ten full requests are a mistake or an abuse.
    ///
    /// - Parameter capabilities: nil when it is not known which adapter will carry it.
    init(_ capabilities: Capabilities?) {
        guard let capabilities else {
            self.init(limit: 65_536)
            return
        }
        let units = capabilities.textEncoding == .gsm7 ? capabilities.textLimit * 153 : capabilities.textLimit
        self.init(limit: min(65_536, max(1, units) * 10))
    }

    func mistake(in text: String) -> Mistake? {
        if text.unicodeScalars.count > self.limit { return Mistake("too_long", "At most \(self.limit) characters here.") }
        guard !text.unicodeScalars.contains(where: { ($0.value < 0x20 && ![9, 10, 13].contains($0.value)) || $0.value == 0x7f }) else {
            return Mistake("control_character", "Must hold no control characters but tab and line breaks.")
        }
        return nil
    }

    /// Of text with nothing beside it, such as a file.
    func mistake(inAll text: String) -> Mistake? {
        text.isBlank ? Mistake("empty_text", "Must say something.") : self.mistake(in: text)
    }
}
