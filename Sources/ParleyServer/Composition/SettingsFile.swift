import Foundation

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
                throw ConfigurationError("\(place(line)): there is no setting \(name)\(Self.suggestion(for: name))")
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

    private static func suggestion(for name: String) -> String {
        let nearest = SettingName.allCases.map { ($0.rawValue, distance($0.rawValue, name)) }.min { $0.1 < $1.1 }
        guard let (known, distance) = nearest, distance <= 4 else { return "" }
        return "; did you mean \(known)?"
    }

    /// How many characters must be put in, taken out or changed to make one text the other (Levenshtein).
    private static func distance(_ one: String, _ other: String) -> Int {
        let other = Array(other)
        var row = Array(0...other.count)
        for (i, character) in one.enumerated() {
            var diagonal = row[0]
            row[0] = i + 1
            for j in other.indices {
                let replaced = diagonal + (character == other[j] ? 0 : 1)
                diagonal = row[j + 1]
                row[j + 1] = min(replaced, row[j] + 1, row[j + 1] + 1)
            }
        }
        return row[other.count]
    }
}
