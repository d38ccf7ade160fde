/// The name of one adapter, such as `twilio`.
///
/// Shape: 1–63 of `a–z`, `0–9` and `-`. It is a folder under `channels/`, a log key and a metric label.
package struct AdapterName: RawRepresentable, Hashable, Sendable, Codable, CustomStringConvertible {
    package let rawValue: String
    /// Nil when the text breaks the shape: names come from URLs and files, so a bad one is input, not a bug.
    package init?(rawValue: String) {
        guard rawValue.isName else { return nil }
        self.rawValue = rawValue
    }
    package var description: String { self.rawValue }
}
