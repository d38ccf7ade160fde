package import Foundation
package import Parley
import Postgres

/// Something that happened in a workspace, as the feed tells it.
package struct FeedEvent: Hashable, Sendable {
    /// Its place in the feed: rising, with gaps. Nil for what passes and is not kept (somebody types).
    package var id: Int64?
    package var workspace: WorkspaceID
    /// `message.created`, `contact.merged`, …; passing: `conversation.typing`.
    package var type: String
    package var conversation: ConversationID?
    package var message: MessageID?
    package var data: JSON
    package var createdAt: Date

    package init(
        id: Int64?,
        workspace: WorkspaceID,
        type: String,
        conversation: ConversationID? = nil,
        message: MessageID? = nil,
        data: JSON = [:],
        createdAt: Date
    ) {
        self.id = id
        self.workspace = workspace
        self.type = type
        self.conversation = conversation
        self.message = message
        self.data = data
        self.createdAt = createdAt
    }

    /// As the API shows it.
    package var json: JSON {
        [
            "id": self.id.map { .string(String($0)) } ?? .null, "type": .string(self.type),
            "conversationId": self.conversation.map { .string($0.description) } ?? .null,
            "messageId": self.message.map { .string($0.description) } ?? .null, "data": self.data,
            "createdAt": .string(Moment.text(self.createdAt)),
        ]
    }

    static let columns: SQL = "workspace_id, id, type, conversation_id, message_id, data, created_at"

    init(_ row: Row) throws {
        self.init(
            id: try row.value("id", as: Int64.self),
            workspace: WorkspaceID(try row.value("workspace_id")),
            type: try row.value("type"),
            conversation: try row.optional("conversation_id").map { ConversationID($0) },
            message: try row.optional("message_id").map { MessageID($0) },
            data: try JSON(parsing: try row.value("data", as: JSONText.self).text),
            createdAt: try row.value("created_at")
        )
    }
}

// MARK: - Passing events, as one process tells them to all

extension FeedEvent {
    /// What a NOTIFY carries; nil when it is more than one may (8000 bytes).
    var notice: Notice? {
        guard let json = self.json.object else { return nil }
        let text = JSON.object(json.merging(["workspaceId": .string(self.workspace.description)]) { _, new in new }).text
        return text.utf8.count < 7_000 ? Notice(channel: EventFeed.passing, payload: text) : nil
    }

    /// Nil when the payload is no passing event.
    init?(payload: String) {
        guard let json = try? JSON(parsing: Array(payload.utf8)), let workspace = json["workspaceId"]?.string.flatMap({ WorkspaceID($0) }),
            let type = json["type"]?.string
        else { return nil }
        self.init(
            id: nil,
            workspace: workspace,
            type: type,
            conversation: json["conversationId"]?.string.flatMap { ConversationID($0) },
            message: json["messageId"]?.string.flatMap { MessageID($0) },
            data: json["data"] ?? [:],
            createdAt: Date()
        )
    }
}
