package import Foundation

/// A job that will not be tried again by itself, as an operator sees it.
package struct DeadLetter: Sendable, Identifiable {
    package let id: UUID
    package let queue: QueueName
    package let workspace: UUID
    package let key: String
    package let payload: [UInt8]
    package let reason: String
    /// Every try, the last one included.
    package let failures: [Failure]
    package let createdAt: Date
    package let diedAt: Date
}
