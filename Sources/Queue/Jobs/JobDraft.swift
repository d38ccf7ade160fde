package import Foundation

/// A job that is not in the queue yet.
package struct JobDraft: Sendable {
    package var queue: QueueName
    /// Jobs of one key run one at a time, in the order they were committed.
    package var key: String
    package var workspace: UUID
    package var payload: [UInt8]
    /// Not before this moment; nil for at once. A job that must wait holds back the later ones of its key.
    package var runAt: Date?

    package init(queue: QueueName, key: String, workspace: UUID, payload: [UInt8], runAt: Date? = nil) {
        self.queue = queue
        self.key = key
        self.workspace = workspace
        self.payload = payload
        self.runAt = runAt
    }

    package var lane: Int16 { Lanes.lane(of: self.key) }
}
