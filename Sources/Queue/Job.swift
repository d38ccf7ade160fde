package import Foundation

/// One job as its lane's owner holds it.
package struct Job: Sendable, Identifiable {
    package let id: Int64
    package let lane: Int16
    package let key: String
    package let workspace: UUID
    package let payload: [UInt8]
    package let createdAt: Date
    /// The tries that failed so far, oldest first.
    package let failures: [Failure]
    /// How often the job was in flight when its worker went silent.
    package let crashes: Int

    package init(
        id: Int64,
        lane: Int16,
        key: String,
        workspace: UUID,
        payload: [UInt8],
        createdAt: Date,
        failures: [Failure] = [],
        crashes: Int = 0
    ) {
        self.id = id
        self.lane = lane
        self.key = key
        self.workspace = workspace
        self.payload = payload
        self.createdAt = createdAt
        self.failures = failures
        self.crashes = crashes
    }

    /// 1 for the first try.
    package var attempt: Int { self.failures.count + 1 }
}

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
