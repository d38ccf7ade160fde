import Postgres

/// Why a process ends, for the person at the terminal, and the exit code that says so to a script (sysexits.h).
package struct ProcessFailure: Error, CustomStringConvertible {
    package let code: Int32
    package let description: String

    /// The command ran, and the answer is no.
    package static func failed(_ description: String) -> ProcessFailure { ProcessFailure(code: 1, description: description) }
    /// What was asked cannot be asked.
    package static func usage(_ description: String) -> ProcessFailure { ProcessFailure(code: 64, description: description) }
    package static func unavailable(_ description: String) -> ProcessFailure { ProcessFailure(code: 69, description: description) }
    package static func configuration(_ description: String) -> ProcessFailure { ProcessFailure(code: 78, description: description) }

    /// A value that somebody gave is wrong, whatever is stored.
    static func usage(_ what: String, _ mistake: Mistake) -> ProcessFailure { .usage("\(what): \(mistake.detail) (\(mistake.code))") }

    /// Nil for errors of other rooms' libraries, such as the argument parser's own.
    package init?(_ error: any Error) {
        switch error {
        case let failure as ProcessFailure: self = failure
        case let error as ConfigurationError: self = .configuration(error.description)
        case let problem as Problem: self = .failed(problem.lines.joined(separator: "\n"))
        case let failure as ListenFailure: self = .unavailable(failure.description)
        case is MailboxStore.AddressTaken: self = .failed("another channel has this mail address")
        case let error as PostgresError where error.isUnavailable: self = .unavailable("the database cannot be used: \(error.message)")
        case let error as PostgresError where error.code == .migrationMismatch: self = .configuration(error.message)
        case let error as PostgresError where error.code == .undefinedTable:
            self = .configuration("the database has not been prepared: run `parley migrate`")
        case let error as PostgresError: self = .failed("the database refused: \(error)")
        default: return nil
        }
    }

    private init(code: Int32, description: String) {
        self.code = code
        self.description = description
    }
}
