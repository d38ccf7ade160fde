/// The name of one queue. All queues share one mechanism and one set of tables.
package struct QueueName: RawRepresentable, CaseIterable, Hashable, Sendable {
    package let rawValue: String
    package init(rawValue: String) { self.rawValue = rawValue }

    /// What providers sent, on its way to a conversation.
    package static let inbox = QueueName(rawValue: "inbox")
    /// The same, whose files must be fetched first.
    package static let media = QueueName(rawValue: "media")
    /// Replies on their way to a provider.
    package static let outbox = QueueName(rawValue: "outbox")
    /// Events on their way to a customer's endpoint.
    package static let webhooks = QueueName(rawValue: "webhooks")

    package static let allCases: [QueueName] = [.inbox, .media, .outbox, .webhooks]

    /// The LISTEN/NOTIFY channel that wakes the queue's workers.
    package var channel: String { "parley_\(self.rawValue)" }
}
