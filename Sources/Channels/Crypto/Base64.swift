internal import Foundation

/// Bytes as base64 text.
///
/// Source: RFC 4648 sections 4 and 5.
package enum Base64 {
    package static func encode(_ bytes: [UInt8]) -> String { Data(bytes).base64EncodedString() }

    /// The alphabet for URLs, without padding.
    package static func encodeURL(_ bytes: [UInt8]) -> String {
        self.encode(bytes).replacing("+", with: "-").replacing("/", with: "_").replacing("=", with: "")
    }

    /// Nil when the text holds anything else than the alphabet and its padding.
    package static func decode(_ text: String) -> [UInt8]? { Data(base64Encoded: text).map { Array($0) } }

    /// Nil also when bits are set behind the last byte: of what we signed there is one spelling, and no other is taken for it.
    package static func decodeURL(_ text: String) -> [UInt8]? {
        guard !text.utf8.contains(where: { $0 == UInt8(ascii: "+") || $0 == UInt8(ascii: "/") }) else { return nil }
        let padding = String(repeating: "=", count: (4 - text.utf8.count % 4) % 4)
        guard let bytes = self.decode(text.replacing("-", with: "+").replacing("_", with: "/") + padding),
            self.encodeURL(bytes) == text.replacing("=", with: "")
        else { return nil }
        return bytes
    }
}
