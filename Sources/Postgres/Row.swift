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

    /// Nil when the column is NULL.
    package func optional<T: SQLValue>(_ column: String, as type: T.Type = T.self) throws(PostgresError) -> T? {
        guard let bytes = try self.bytes(column) else { return nil }
        guard let value = T(decoding: bytes) else { throw PostgresError(.badValue, "column \(column) is no \(T.self)") }
        return value
    }

    package func array<T: SQLValue>(_ column: String, of type: T.Type = T.self) throws(PostgresError) -> [T] {
        guard let bytes = try self.bytes(column), let values = SQLArray.decoded(bytes, as: T.self) else {
            throw PostgresError(.badValue, "column \(column) is no array of \(T.self)")
        }
        return values
    }

    private func bytes(_ column: String) throws(PostgresError) -> UnsafeRawBufferPointer? {
        guard let number = self.result.columns[column] else { throw PostgresError(.badValue, "there is no column \(column)") }
        return self.result.bytes(row: self.index, column: number)
    }
}

/// A `PGresult`, cleared once when the last row that reads from it is gone. Nothing changes it, so threads may share it.
final class QueryResult: @unchecked Sendable {
    private let pointer: OpaquePointer
    let columns: [String: Int32]

    /// Takes ownership.
    init(_ pointer: OpaquePointer) {
        self.pointer = pointer
        var columns: [String: Int32] = [:]
        for column in 0..<PQnfields(pointer) { columns[String(cString: PQfname(pointer, column))] = column }
        self.columns = columns
    }
    deinit { PQclear(self.pointer) }

    var status: ExecStatusType { PQresultStatus(self.pointer) }
    var rows: [Row] { (0..<PQntuples(self.pointer)).map { Row(result: self, index: $0) } }
    /// How many rows the command changed; 0 where it does not say.
    var affected: Int { Int(String(cString: PQcmdTuples(self.pointer))) ?? 0 }

    var error: PostgresError {
        func field(_ code: Character) -> String? {
            PQresultErrorField(self.pointer, Int32(code.asciiValue!)).map { String(cString: $0) }
        }
        // libpq itself reports a broken line without a SQLSTATE; 57P01–57P03 are the server saying that it goes.
        let code = field("C").map(PostgresError.Code.init(rawValue:)) ?? .connectionLost
        return PostgresError(code, field("M") ?? "the connection was lost", constraint: field("n"))
    }

    func bytes(row: Int32, column: Int32) -> UnsafeRawBufferPointer? {
        guard PQgetisnull(self.pointer, row, column) == 0 else { return nil }
        return UnsafeRawBufferPointer(start: PQgetvalue(self.pointer, row, column), count: Int(PQgetlength(self.pointer, row, column)))
    }
}
