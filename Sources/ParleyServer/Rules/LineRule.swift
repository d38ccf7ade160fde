import Parley

/// What one line of text may be: names, addresses, subjects. No control characters (B42), and not nothing.
struct LineRule: Sendable {
    /// In Unicode scalars.
    var limit = 255

    func mistake(in text: String) -> Mistake? {
        if text.unicodeScalars.contains(where: { $0.value < 0x20 || $0.value == 0x7f }) {
            return Mistake("control_character", "Must hold no control characters.")
        }
        if text.unicodeScalars.count > self.limit { return Mistake("too_long", "At most \(self.limit) characters.") }
        return text.isBlank ? Mistake("required", "Must not be empty.") : nil
    }
}
