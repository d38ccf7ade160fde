package import Foundation
package import Parley
import Postgres
package import Queue

/// One outbox job: which delivery is to be made.
package struct OutboxPayload: Hashable, Sendable, Codable {
    package var workspace: WorkspaceID
    package var message: MessageID
    package var delivery: DeliveryID
    package var conversation: ConversationID
    package var channel: ChannelID

    package init(workspace: WorkspaceID, message: MessageID, delivery: DeliveryID, conversation: ConversationID, channel: ChannelID) {
        self.workspace = workspace
        self.message = message
        self.delivery = delivery
        self.conversation = conversation
        self.channel = channel
    }

    /// What leaves one after another: the messages of one conversation over one channel (I6).
    package var orderingKey: String { Self.orderingKey(of: self.conversation, over: self.channel) }

    static func orderingKey(of conversation: ConversationID, over channel: ChannelID) -> String {
        "\(conversation)\(self.keySuffix(of: channel))"
    }

    private static func keySuffix(of channel: ChannelID) -> String { ":\(channel)" }

    /// Lets go what waited while `channel` was disabled. To be committed together with the change of its status.
    static func wake(_ channel: ChannelID, in workspace: WorkspaceID) -> SQL {
        QueueAdmin.wake(keysEnding: Self.keySuffix(of: channel), of: workspace.uuid, in: .outbox)
    }
}

extension OutboxPayload {
    /// Throws `DecodingError` for bytes that are no payload: such a job is dead at once, another try reads the same bytes.
    package init(bytes: [UInt8]) throws { self = try JSONDecoder().decode(OutboxPayload.self, from: Data(bytes)) }

    /// Members sorted by name, so that equal payloads are equal bytes.
    package var bytes: [UInt8] {
        let members: [String: JSON] = [
            "workspace": .string(self.workspace.description), "message": .string(self.message.description),
            "delivery": .string(self.delivery.description), "conversation": .string(self.conversation.description),
            "channel": .string(self.channel.description),
        ]
        return Array(JSON.object(members).text.utf8)
    }

    package func job(runAt: Date? = nil) -> JobDraft {
        JobDraft(queue: .outbox, key: self.orderingKey, workspace: self.workspace.uuid, payload: self.bytes, runAt: runAt)
    }
}
