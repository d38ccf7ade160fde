import Foundation

/// Times as the API writes and reads them: RFC 3339, UTC, milliseconds.
enum Moment {
    private static let written = Date.ISO8601FormatStyle(includingFractionalSeconds: true)

    static func text(_ date: Date) -> String { date.formatted(self.written) }

    static func parse(_ text: String) -> Date? {
        guard text.utf8.count <= 40 else { return nil }
        return (try? Date(text, strategy: self.written)) ?? (try? Date(text, strategy: .iso8601))
    }
}
