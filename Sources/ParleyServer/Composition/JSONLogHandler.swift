import Foundation
package import Logging
import Parley

/// Writes each log entry as one line of JSON to standard error, where every log collector picks it up.
///
/// `{"at":"2026-01-31T12:00:00.000Z","level":"notice","message":"took lanes","lane.count":"3","queue":"inbox"}`
package struct JSONLogHandler: LogHandler {
    package var logLevel: Logger.Level
    package var metadata: Logger.Metadata = [:]
    private let label: String

    package init(label: String, level: Logger.Level) {
        self.label = label
        self.logLevel = level
    }

    package subscript(metadataKey key: String) -> Logger.Metadata.Value? {
        get { self.metadata[key] }
        set { self.metadata[key] = newValue }
    }

    package func log(event: LogEvent) {
        var members: [String: JSON] = [:]
        for (name, value) in self.metadata.merging(event.metadata ?? [:], uniquingKeysWith: { $1 }) { members[name] = .string("\(value)") }
        if let error = event.error { members["error"] = .string("\(error)") }
        members["at"] = .string(Date.ISO8601FormatStyle(includingFractionalSeconds: true).format(Date()))
        members["level"] = .string(event.level.rawValue)
        members["logger"] = .string(self.label)
        members["message"] = .string(event.message.description)
        // One write, so that lines of several threads do not run into each other; a full disk must not stop the service (F47).
        try? FileHandle.standardError.write(contentsOf: Array("\(JSON.object(members).text)\n".utf8))
    }
}
