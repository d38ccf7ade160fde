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
