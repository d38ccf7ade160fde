internal import Foundation

/// The words of an invitation that comes without any others.
///
/// Source: RFC 5545 sections 3.1 (folded lines), 3.3.11 (escapes), 3.8.1.
enum CalendarText {
    /// Summary, place and description of the first event; nil when it has none.
    static func summary(of calendar: String) -> String? {
        let unfolded = calendar.replacing("\r\n", with: "\n").replacing("\n ", with: "").replacing("\n\t", with: "")
        var values: [String: String] = [:]
        for line in unfolded.split(separator: "\n").prefix(2_000) {
            guard let colon = line.firstIndex(of: ":") else { continue }
            let name = line[..<colon].prefix { $0 != ";" }.uppercased()
            guard ["SUMMARY", "LOCATION", "DESCRIPTION"].contains(name), values[name] == nil else { continue }
            values[name] = Self.unescaped(line[line.index(after: colon)...])
        }
        let words = ["SUMMARY", "LOCATION", "DESCRIPTION"].compactMap { values[$0] }.filter { !$0.isEmpty }
        return words.isEmpty ? nil : words.joined(separator: "\n")
    }

    private static func unescaped(_ text: Substring) -> String {
        var output = ""
        var isEscaped = false
        for character in text {
            if isEscaped {
                output.append(character == "n" || character == "N" ? "\n" : character)
                isEscaped = false
            } else if character == "\\" {
                isEscaped = true
            } else {
                output.append(character)
            }
        }
        return output.trimmingCharacters(in: .whitespacesAndNewlines)
    }
}
