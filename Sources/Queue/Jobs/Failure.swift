package import Foundation

/// Why one try failed. It goes with the job into the dead letters.
package struct Failure: Hashable, Sendable, Codable {
    /// RFC 3339, by the database's clock.
    package let at: String
    /// For an operator: never message text, never a secret.
    package let reason: String
    package let worker: UUID?

    package init(at: String, reason: String, worker: UUID?) {
        self.at = at
        self.reason = reason
        self.worker = worker
    }
}
