import CLibpq
import Foundation

/// A `PGresult`, cleared once when the last row that reads from it is gone. Nothing changes it, so threads may share it.
///
/// Source: PostgreSQL manual, libpq, "Behavior in Threaded Programs".
final class QueryResult: @unchecked Sendable {
    private let pointer: OpaquePointer

    /// Takes ownership.
    init(_ pointer: OpaquePointer) { self.pointer = pointer }
    deinit { PQclear(self.pointer) }

    var status: ExecStatusType { PQresultStatus(self.pointer) }
    var rows: [Row] { (0..<PQntuples(self.pointer)).map { Row(result: self, index: $0) } }
    /// How many rows the command changed; 0 where it does not say.
    var affected: Int { Int(String(cString: PQcmdTuples(self.pointer))) ?? 0 }
    /// Whether this answers a COMMIT of a transaction that had failed: the server then says ROLLBACK, and no error.
    var isRollback: Bool { strcmp(PQcmdStatus(self.pointer), "ROLLBACK") == 0 }

    func column(_ name: String) -> Int32? {
        name.withCString { name in (0..<PQnfields(self.pointer)).first { strcmp(PQfname(self.pointer, $0), name) == 0 } }
    }

    func typeID(column: Int32) -> UInt32 { PQftype(self.pointer, column) }

    /// Bytes of memory.
    var size: Int { PQresultMemorySize(self.pointer) }

    /// Valid for as long as this object lives.
    func bytes(row: Int32, column: Int32) -> UnsafeRawBufferPointer? {
        guard PQgetisnull(self.pointer, row, column) == 0 else { return nil }
        return UnsafeRawBufferPointer(start: PQgetvalue(self.pointer, row, column), count: Int(PQgetlength(self.pointer, row, column)))
    }

    /// What the server, or libpq in its place, complains of.
    var error: PostgresError {
        // libpq itself reports a broken line without a SQLSTATE.
        guard let code = self.field("C") else { return PostgresError(.connectionLost, "the connection was lost") }
        return PostgresError(
            serverCode: PostgresError.Code(rawValue: code),
            message: self.field("M") ?? "",
            constraint: self.field("n"),
            position: self.field("P").flatMap { Int($0) }
        )
    }

    /// FATAL and PANIC end the session.
    var isFatal: Bool { self.field("V").map { $0 != "ERROR" } ?? true }

    private func field(_ code: Character) -> String? {
        PQresultErrorField(self.pointer, Int32(code.asciiValue!)).map { String(cString: $0) }
    }
}
