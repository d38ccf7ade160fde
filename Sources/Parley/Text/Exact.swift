/// A text that equals another only byte for byte, as in PostgreSQL: to Swift alone `é` is the same in one code point and in two.
///
/// For what rows are found by (ids, addresses, threads, keys): what the database tells apart must not become one within a batch (I1, I8),
/// and nobody's address may stand for somebody else's (I10). As a wrapper it makes a type's synthesized `==` and hash exact.
@propertyWrapper
package struct Exact: Hashable, Sendable {
    package var wrappedValue: String
    package init(wrappedValue: String) { self.wrappedValue = wrappedValue }
    package init(_ text: String) { self.wrappedValue = text }

    package static func == (one: Exact, other: Exact) -> Bool { one.wrappedValue.utf8.elementsEqual(other.wrappedValue.utf8) }

    package func hash(into hasher: inout Hasher) {
        var text = self.wrappedValue
        text.withUTF8 { hasher.combine(bytes: UnsafeRawBufferPointer($0)) }
        hasher.combine(UInt8.max)  // no text holds this byte, so that `ab`, `c` is not `a`, `bc`
    }
}

extension Exact: Comparable {
    package static func < (one: Exact, other: Exact) -> Bool { one.wrappedValue.utf8.lexicographicallyPrecedes(other.wrappedValue.utf8) }
}

/// Written as the plain text it is.
extension Exact: Codable {
    package init(from decoder: any Decoder) throws { self.wrappedValue = try String(from: decoder) }
    package func encode(to encoder: any Encoder) throws { try self.wrappedValue.encode(to: encoder) }
}
