import Foundation
import Parley

/// A settings file: `NAME=value` lines with the names of the environment, `#` comments, values quoted or not.
///
/// The same file serves `parley --config`, `docker --env-file` and systemd's `EnvironmentFile`.
package struct SettingsFile: Sendable {
    /// The value and where it stands, as `path:line:column`.
    package var values: [SettingName: (value: String, place: String)] = [:]
    package let path: String

    package static let defaultPath = "/etc/parley/parley.env"

    /// - Throws: when the file cannot be read, a line is no assignment, or a name is unknown or given twice; with file, line and column.
    package init(path: String) throws(ConfigurationError) {
        guard let data = FileManager.default.contents(atPath: path) else {
            throw ConfigurationError("\(path): this settings file cannot be read")
        }
        try self.init(path: path, text: String(decoding: data, as: UTF8.self))
    }

    package init(path: String, text: String) throws(ConfigurationError) {
        self.path = path
        for (index, raw) in text.split(omittingEmptySubsequences: false, whereSeparator: \.isNewline).enumerated() {
            let line = raw.drop(while: \.isWhitespace)
            if line.isEmpty || line.hasPrefix("#") { continue }
            func place(_ rest: Substring) -> String { "\(path):\(index + 1):\(raw.count - rest.count + 1)" }
            guard let equals = line.firstIndex(of: "=") else {
                throw ConfigurationError("\(place(line)): expected NAME=value, as in PARLEY_HTTP_LISTEN=127.0.0.1:8080")
            }
            let name = line[..<equals].trimmingCharacters(in: .whitespaces)
            guard let setting = SettingName(rawValue: name) else {
                throw ConfigurationError(
                    "\(place(line)): there is no setting \(name)\(name.suggestion(of: SettingName.allCases.map(\.rawValue)))"
                )
            }
            guard self.values[setting] == nil else { throw ConfigurationError("\(place(line)): \(name) is given a second time") }
            let value = line[line.index(after: equals)...].drop(while: \.isWhitespace)
            self.values[setting] = (Self.unquoted(value.trimmingCharacters(in: .whitespaces)), place(value))
        }
    }

    private static func unquoted(_ value: String) -> String {
        guard value.count >= 2, let first = value.first, first == value.last, first == "\"" || first == "'" else { return value }
        return String(value.dropFirst().dropLast())
    }
}
