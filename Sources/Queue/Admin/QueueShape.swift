package import Foundation

/// How a queue stands.
package struct QueueShape: Sendable {
    package struct Lane: Sendable {
        package let lane: Int16
        package let epoch: Int64
        package let owner: UUID?
        /// The name the owner was started with.
        package let ownerName: String?
        /// Until the lease ends, by the database's clock; negative when it has ended, nil when nobody owns the lane.
        package let remaining: Duration?
        package let depth: Int
    }

    package let queue: QueueName
    /// Jobs in the table, those in flight and those that wait included.
    package let depth: Int
    /// Put off until later, without those held.
    package let waiting: Int
    package let held: Int
    package let dead: Int
    /// Of the oldest job that is neither put off nor held; nil when there is none.
    package let oldestAge: Duration?
    package let lanes: [Lane]
}
