import CLibpq

/// One row of an answer. Columns are read by name, as the type they have.
package struct Row: Sendable {
    let result: QueryResult
    let index: Int32

    /// - Throws: `.badValue` when there is no such column, it is NULL, or it is no `T`.
    package func value<T: SQLValue>(_ column: String, as type: T.Type = T.self) throws(PostgresError) -> T {
        guard let value: T = try self.optional(column) else { throw PostgresError(.badValue, "column \(column) is null") }
        return value
    }

    /// One of a closed set of words, as the column keeps it.
    ///
    /// - Throws: `.badValue`, also for a word that this version does not know.
    package func value<T: RawRepresentable>(_ column: String, as type: T.Type = T.self) throws(PostgresError) -> T
    where T.RawValue == String {
        guard let value = T(rawValue: try self.value(column)) else {
            throw PostgresError(.badValue, "column \(column) holds no \(T.self)")
        }
        return value
    }

    /// Nil when the column is NULL.
    package func optional<T: SQLValue>(_ column: String, as type: T.Type = T.self) throws(PostgresError) -> T? {
        let (bytes, typeID) = try self.field(column)
        guard T.reads(typeID) else { throw PostgresError(.badValue, "column \(column) is no \(T.self)") }
        guard let bytes else { return nil }
        guard let value = T(decoding: bytes, of: typeID) else {
            throw PostgresError(.badValue, "column \(column) holds what no \(T.self) can")
        }
        return value
    }

    /// - Throws: `.badValue` when the column or an element is NULL, or it is no array of `T`.
    package func array<T: SQLValue>(_ column: String, of type: T.Type = T.self) throws(PostgresError) -> [T] {
        let elements = try self.optionals(column, of: T.self)
        let values = elements.compactMap(\.self)
        guard values.count == elements.count else { throw PostgresError(.badValue, "column \(column) has an element that is null") }
        return values
    }

    /// An array whose elements may be NULL.
    package func optionals<T: SQLValue>(_ column: String, of type: T.Type = T.self) throws(PostgresError) -> [T?] {
        guard let bytes = try self.field(column).bytes else { throw PostgresError(.badValue, "column \(column) is null") }
        guard let values = SQLArray.decoded(bytes, as: T.self) else {
            throw PostgresError(.badValue, "column \(column) is no array of \(T.self)")
        }
        return values
    }

    private func field(_ column: String) throws(PostgresError) -> (bytes: UnsafeRawBufferPointer?, typeID: UInt32) {
        guard let number = self.result.column(column) else { throw PostgresError(.badValue, "there is no column \(column)") }
        return (self.result.bytes(row: self.index, column: number), self.result.typeID(column: number))
    }
}
