package import Foundation

/// The author changed a message.
package struct InboundEdit: Hashable, Sendable, Codable {
    /// The id of the message that changed.
    package var externalID: String
    /// Tells one edit of a message from the next (a timestamp, an event id).
    package var revision: String
    package var text: String
    /// When it was made, as the provider says: edits may overtake one another (I8). Nil when untold.
    package var at: Date?
    /// The thread and the author of the message, as its own event named them, so that the edit queues up behind it; nil when untold.
    package var thread: String?
    package var from: Address?
    package init(externalID: String, revision: String, text: String, at: Date? = nil, thread: String? = nil, from: Address? = nil) {
        self.externalID = externalID
        self.revision = revision
        self.text = text
        self.at = at
        self.thread = thread
        self.from = from
    }
}
