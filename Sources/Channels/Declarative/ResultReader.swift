internal import Foundation
internal import Parley

/// Reads an object that an expression yielded, member by member; what nobody takes is an error, so a typo cannot pass unseen.
struct ResultReader {
    /// What is wrong with a result. Names members, never values.
    struct Problem: Error, Hashable { var detail: String }

    /// Bytes of an id, an address, a thread: they become index keys.
    static let maxKey = 500

    private let members: [String: JSON]
    private var known: Set<String> = []

    init(_ value: JSON) throws(Problem) {
        guard let members = value.object else { throw Problem(detail: "not an object") }
        self.members = members
    }

    /// Nil when the member is absent or null.
    mutating func value(_ name: String) -> JSON? {
        self.known.insert(name)
        guard let value = self.members[name], value != .null else { return nil }
        return value
    }

    /// A text or a number as text. NUL, which PostgreSQL's text cannot hold, becomes U+FFFD.
    mutating func text(_ name: String) throws(Problem) -> String? {
        switch self.value(name) {
        case nil: return nil
        case .string(let text): return text.utf8.contains(0) ? text.replacing("\u{0}", with: "\u{FFFD}") : text
        case .number(let text): return text
        default: throw Problem(detail: "'\(name)' is not a text")
        }
    }

    /// A text that is not empty and short enough for a key.
    mutating func key(_ name: String) throws(Problem) -> String? {
        guard let text = try self.text(name) else { return nil }
        guard !text.isEmpty, text.utf8.count <= Self.maxKey else { throw Problem(detail: "'\(name)' is empty or too long") }
        return text
    }

    mutating func needed(_ name: String) throws(Problem) -> String {
        guard let text = try self.key(name) else { throw Problem(detail: "'\(name)' is missing") }
        return text
    }

    mutating func word<Word: RawRepresentable>(_ name: String, of type: Word.Type) throws(Problem) -> Word? where Word.RawValue == String {
        guard let text = try self.text(name) else { return nil }
        guard let word = Word(rawValue: text) else { throw Problem(detail: "'\(name)' is no word known here") }
        return word
    }

    /// Seconds since 1970, or RFC 3339 text; nil when neither, since no message is lost for want of its time.
    mutating func date(_ name: String) -> Date? {
        switch self.value(name) {
        case .number(let text):
            let date = Double(text).map(Date.init(timeIntervalSince1970:))
            return date.flatMap { Date.writable.contains($0) ? $0 : nil }
        case .string(let text): return Date(rfc3339: text)
        default: return nil
        }
    }

    mutating func flag(_ name: String) throws(Problem) -> Bool {
        guard let value = self.value(name) else { return false }
        guard let flag = value.bool else { throw Problem(detail: "'\(name)' is not true or false") }
        return flag
    }

    mutating func list(_ name: String) throws(Problem) -> [JSON] {
        guard let value = self.value(name) else { return [] }
        guard let items = value.array else { throw Problem(detail: "'\(name)' is not a list") }
        return items
    }

    func finish() throws(Problem) {
        let unknown = self.members.keys.filter { !self.known.contains($0) }.sorted()
        guard let name = unknown.first else { return }
        throw Problem(detail: "unknown member '\(name)'\(name.suggestion(of: self.known))")
    }
}
