import Foundation

/// Times as the API writes them: RFC 3339, UTC, milliseconds.
enum Moment {
    private static let written = Date.ISO8601FormatStyle(includingFractionalSeconds: true)

    static func text(_ date: Date) -> String { date.formatted(self.written) }
}
