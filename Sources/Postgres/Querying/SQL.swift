/// A statement and the values bound to it: `"SELECT … WHERE id = \(id) AND lane = ANY(\(lanes))"`.
///
/// An interpolated value becomes a parameter and never part of the text, so nothing can be injected and the text, being the
/// same each time, is prepared once. Another `SQL` is a fragment: its text is taken over and its parameters are counted on.
package struct SQL: ExpressibleByStringInterpolation, Sendable {
    /// A value in the binary format; `bytes` is nil for NULL.
    package struct BoundValue: Hashable, Sendable {
        package var typeID: UInt32
        package var bytes: [UInt8]?
        /// Set when the value cannot stand in the database: the statement fails before it is sent.
        var isUnusable = false
    }

    fileprivate enum Piece: Sendable {
        case text(String)
        case value(BoundValue)
    }

    private var pieces: [Piece]

    package init(stringLiteral text: String) { self.pieces = [.text(text)] }
    package init(stringInterpolation: StringInterpolation) { self.pieces = stringInterpolation.pieces }
    /// A text of ours that is put together elsewhere; never one from outside.
    package init(trusted text: String) { self.pieces = [.text(text)] }

    /// One more condition of a filter that is given, and nothing for one that is not: `SQL.and(name) { "name = \($0)" }`.
    package static func and<T>(_ filter: T?, _ condition: (T) -> SQL) -> SQL {
        guard let filter else { return "" }
        return "AND \(condition(filter))"
    }

    /// The text with `$1`, `$2`, … for the values.
    package var text: String {
        var count = 0
        var out = ""
        for piece in self.pieces {
            switch piece {
            case .text(let text): out += text
            case .value:
                count += 1
                out += "$\(count)"
            }
        }
        return out
    }

    package var values: [BoundValue] {
        self.pieces.compactMap { piece in
            guard case .value(let value) = piece else { return nil }
            return value
        }
    }

    package struct StringInterpolation: StringInterpolationProtocol {
        fileprivate var pieces: [Piece] = []
        package init(literalCapacity: Int, interpolationCount: Int) { self.pieces.reserveCapacity(interpolationCount * 2 + 1) }

        package mutating func appendLiteral(_ literal: String) {
            if !literal.isEmpty { self.pieces.append(.text(literal)) }
        }
        package mutating func appendInterpolation(_ value: some SQLValue) {
            var bytes: [UInt8] = []
            self.append(type(of: value).typeID, value.encode(into: &bytes) ? bytes : nil)
        }
        package mutating func appendInterpolation<T: SQLValue>(_ value: T?) {
            guard let value else { return self.pieces.append(.value(BoundValue(typeID: T.typeID))) }
            self.appendInterpolation(value)
        }
        package mutating func appendInterpolation<T: SQLValue>(_ values: [T]) { self.append(T.arrayTypeID, SQLArray.encoded(values)) }
        package mutating func appendInterpolation<T: SQLValue>(_ values: [T?]) { self.append(T.arrayTypeID, SQLArray.encoded(values)) }
        /// Bytes are one value, not an array of numbers.
        package mutating func appendInterpolation(_ bytes: [UInt8]) { self.append([UInt8].typeID, bytes) }
        package mutating func appendInterpolation(_ fragment: SQL) { self.pieces += fragment.pieces }

        private mutating func append(_ typeID: UInt32, _ bytes: [UInt8]?) {
            self.pieces.append(.value(BoundValue(typeID: typeID, bytes: bytes, isUnusable: bytes == nil)))
        }
    }
}
