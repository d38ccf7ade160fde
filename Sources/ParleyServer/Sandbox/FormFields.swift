import Foundation

/// The fields of an `application/x-www-form-urlencoded` body, in order; a name may come more than once.
///
/// Source: WHATWG URL, section 5.
struct FormFields: Hashable, Sendable {
    private(set) var fields: [Field] = []

    struct Field: Hashable, Sendable {
        var name: String
        var value: String
    }

    init(_ fields: [(String, String)] = []) { self.fields = fields.map { Field(name: $0.0, value: $0.1) } }

    init(parsing body: [UInt8]) {
        self.fields = String(decoding: body, as: UTF8.self).split(separator: "&").map { pair in
            let sides = pair.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false).map(Self.decoded)
            return Field(name: sides[0], value: sides.count > 1 ? sides[1] : "")
        }
    }

    /// The first of that name.
    subscript(_ name: String) -> String? { self.fields.first { $0.name == name }?.value }
    func all(_ name: String) -> [String] { self.fields.filter { $0.name == name }.map(\.value) }

    var encoded: [UInt8] {
        Array(self.fields.map { "\(Self.encoded($0.name))=\(Self.encoded($0.value))" }.joined(separator: "&").utf8)
    }

    private static func decoded(_ text: Substring) -> String {
        let spaced = text.replacing("+", with: " ")
        return spaced.removingPercentEncoding ?? String(spaced)
    }

    private static func encoded(_ text: String) -> String { text.addingPercentEncoding(withAllowedCharacters: self.kept) ?? "" }
    private static let kept = CharacterSet(charactersIn: "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789*-._")
}
