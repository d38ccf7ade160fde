/// Why PostgreSQL, or the way to it, failed.
///
/// Never holds what was bound or stored: the server's DETAIL and CONTEXT stay where they are.
package struct PostgresError: Error, Hashable, Sendable, CustomStringConvertible {
    /// A SQLSTATE, or one of ours where no server spoke (they begin with `PQ`).
    ///
    /// Source: PostgreSQL manual, Appendix A.
    package struct Code: RawRepresentable, Hashable, Sendable, CustomStringConvertible {
        package let rawValue: String
        package init(rawValue: String) { self.rawValue = rawValue }
        package var description: String { self.rawValue }

        package static let serializationFailure = Code(rawValue: "40001")
        package static let deadlockDetected = Code(rawValue: "40P01")
        package static let uniqueViolation = Code(rawValue: "23505")
        package static let insufficientPrivilege = Code(rawValue: "42501")
        package static let queryCancelled = Code(rawValue: "57014")
        package static let failedTransaction = Code(rawValue: "25P02")
        package static let lockNotAvailable = Code(rawValue: "55P03")
        package static let diskFull = Code(rawValue: "53100")
        package static let undefinedTable = Code(rawValue: "42P01")
        /// A table changed under a prepared statement.
        package static let featureNotSupported = Code(rawValue: "0A000")
        /// A prepared statement is gone.
        package static let invalidStatementName = Code(rawValue: "26000")
        package static let tooManyConnections = Code(rawValue: "53300")
        /// Raised by `fence` of sql/0002: the worker no longer owns the lane.
        package static let laneLost = Code(rawValue: "PQ001")
        /// No connection, or it broke.
        package static let connectionLost = Code(rawValue: "PQ100")
        package static let poolTimeout = Code(rawValue: "PQ101")
        package static let poolClosed = Code(rawValue: "PQ102")
        /// A value that cannot be bound (text with NUL) or a column that is not what it was read as.
        package static let badValue = Code(rawValue: "PQ103")
        /// The migrations on disk and those that ran disagree.
        package static let migrationMismatch = Code(rawValue: "PQ104")
    }

    package var code: Code
    package var message: String
    package var constraint: String?
    /// The line broke when what was sent may have been committed already. Only a look at the data tells.
    package var isCommitUnknown = false
    /// Where in the text the server found fault, counted in characters from 1.
    package var position: Int?
    /// A prepared statement no longer fits the tables, or is gone. It was forgotten, so the next try prepares it anew.
    var isPlanStale = false

    package init(_ code: Code, _ message: String, constraint: String? = nil) {
        self.code = code
        self.message = message
        self.constraint = constraint
    }

    /// What the server said.
    ///
    /// Of a data exception (class 22) only the words before the first quotation mark are kept: there it quotes the value.
    init(serverCode code: Code, message: String, constraint: String?, position: Int?) {
        self.init(code, code.rawValue.hasPrefix("22") ? String(message.prefix { $0 != "\"" }) : message, constraint: constraint)
        self.position = position
    }

    /// On one line: libpq breaks its own.
    package var description: String {
        let lines = self.message.split(whereSeparator: \.isNewline).map { $0.drop { $0 == "\t" || $0 == " " } }
        return "\(lines.joined(separator: " ")) (\(self.code))"
    }

    /// Whether the same transaction may simply be run again.
    package var isRetryable: Bool { self.code == .serializationFailure || self.code == .deadlockDetected || self.isPlanStale }

    /// Whether the database could not be had at all, now: the caller's caller should come back later.
    package var isUnavailable: Bool {
        switch self.code {
        case .connectionLost, .poolTimeout, .poolClosed, .tooManyConnections, .diskFull: true
        default: self.code.rawValue.hasPrefix("57P") || self.code.rawValue.hasPrefix("08")
        }
    }
}
