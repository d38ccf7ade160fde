import Foundation
package import Logging
import Parley

/// Writes each log entry as one line to standard error, whatever its values hold (B110).
package struct LineLogHandler: LogHandler {
    package enum Form: Sendable {
        /// What every log collector takes:
        /// `{"at":"2026-01-31T12:00:00.000Z","lane.count":"3","level":"notice","logger":"parley.work","message":"took lanes"}`
        case json
        /// The same for a person: `2026-01-31T12:00:00.000Z notice parley: took lanes lane.count="3"`
        case text
    }

    package var logLevel: Logger.Level
    package var metadata: Logger.Metadata = [:]
    private let label: String
    private let form: Form

    package init(label: String, level: Logger.Level, form: Form) {
        self.label = label
        self.logLevel = level
        self.form = form
    }

    package subscript(metadataKey key: String) -> Logger.Metadata.Value? {
        get { self.metadata[key] }
        set { self.metadata[key] = newValue }
    }

    package func log(event: LogEvent) {
        // One write, so that lines of several threads do not run into each other; a full disk must not stop the service (F47).
        try? FileHandle.standardError.write(contentsOf: Array("\(self.line(of: event, at: Date()))\n".utf8))
    }

    func line(of event: LogEvent, at date: Date) -> String {
        var values: [String: JSON] = [:]
        for (name, value) in self.metadata.merging(event.metadata ?? [:], uniquingKeysWith: { $1 }) { values[name] = .string("\(value)") }
        if let error = event.error { values["error"] = .string("\(error)") }
        let at = Date.ISO8601FormatStyle(includingFractionalSeconds: true).format(date)
        switch self.form {
        case .json:
            values["at"] = .string(at)
            values["level"] = .string(event.level.rawValue)
            values["logger"] = .string(self.label)
            values["message"] = .string(event.message.description)
            return JSON.object(values).text.escapingUnseen
        case .text:
            // Values stand in quotes, so that none can pass for another one behind it.
            let pairs = values.sorted { $0.key < $1.key }.map { "\($0.key)=\($0.value.text)" }
            return ([at, event.level.rawValue, "\(self.label):", event.message.description] + pairs).joined(separator: " ").escapingUnseen
        }
    }
}

extension String {
    /// The same with `\u202e` for each character that a terminal or a viewer obeys instead of showing it: controls, line ends, those
    /// that turn the direction of writing. In JSON only texts hold any, and there it says the same.
    fileprivate var escapingUnseen: String {
        guard self.utf8.contains(where: { $0 < 0x20 || $0 > 0x7e }) else { return self }
        var out = ""
        for scalar in self.unicodeScalars {
            switch scalar.properties.generalCategory {
            case .control, .format, .lineSeparator, .paragraphSeparator:
                for unit in UTF16.encode(scalar)! { out += "\\u\(String(0x10000 + UInt32(unit), radix: 16).dropFirst())" }
            default: out.unicodeScalars.append(scalar)
            }
        }
        return out
    }
}
