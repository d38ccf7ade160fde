import Channels
import Foundation
import HTTPTypes
import HummingbirdCore
import Parley
import Postgres

/// What a visitor may see: their own conversations on one channel, under every address that was proven to be theirs.
struct VisitorStore: Sendable {
    let pool: Pool
    let links: FileLinks

    /// Where a visitor reads.
    struct Place: Hashable, Sendable {
        var workspace: WorkspaceID
        var channel: ChannelID
        /// The visitor's own address, and those of browsers that signed in as the same user.
        var addresses: [String]

        /// What the threader calls their conversations.
        var threadKeys: [String] {
            self.addresses.map { ThreadKey(address: Address(space: Visitor.space, value: $0)).rawValue }
        }
    }

    func place(of visitor: Visitor, on channel: ChannelID, in workspace: WorkspaceID) async throws -> Place {
        let own = visitor.address.value
        guard visitor.isSignedIn else { return Place(workspace: workspace, channel: channel, addresses: [own]) }
        let rows = try await self.pool.query(
            in: .workspace(workspace.uuid),
            """
            SELECT visitor FROM webchat_visitors WHERE workspace_id = \(workspace.uuid) AND channel_id = \(channel.uuid)
                AND user_address = \(own) ORDER BY joined_at DESC LIMIT 100
            """
        )
        let joined = try rows.map { row throws(PostgresError) in try row.value("visitor", as: String.self) }
        return Place(workspace: workspace, channel: channel, addresses: [own] + joined)
    }

    // MARK: - Messages

    private static let columns: SQL = "m.id, m.conversation_id, m.direction, m.external_id, m.body, m.created_at"
    /// What we wrote is shown once it is on record as sent: not while it is held, and never when it was cancelled.
    private static let isReleased: SQL = """
        (m.direction = 'inbound' OR EXISTS (SELECT FROM deliveries d WHERE d.workspace_id = m.workspace_id AND d.message_id = m.id
            AND d.state = ANY(\(DeliveryState.handedOver))))
        """

    /// Newest first; one more than `limit` when there is more.
    func history(of place: Place, before: MessageID?, limit: Int, at date: Date) async throws -> [(id: MessageID, json: JSON)] {
        let rows = try await self.pool.query(
            in: .workspace(place.workspace.uuid),
            """
            SELECT m.* FROM unnest(\(place.addresses)) AS a (address)
            JOIN identities i ON i.workspace_id = \(place.workspace.uuid) AND i.space = \(Visitor.space.rawValue) AND i.address = a.address
            CROSS JOIN LATERAL (SELECT \(Self.columns) FROM messages m
                WHERE m.workspace_id = i.workspace_id AND m.identity_id = i.id AND m.channel_id = \(place.channel.uuid)
                    AND (\(before?.uuid)::uuid IS NULL OR m.id < \(before?.uuid)) AND \(Self.isReleased)
                ORDER BY m.id DESC LIMIT \(limit + 1)) m
            ORDER BY m.id DESC LIMIT \(limit + 1)
            """
        )
        return try rows.map { (MessageID(try $0.value("id")), try self.json($0, in: place.workspace, at: date)) }
    }

    /// One message as its visitor sees it; nil when it is not there.
    func message(_ id: MessageID, in workspace: WorkspaceID, at date: Date) async throws -> JSON? {
        let rows = try await self.pool.query(
            in: .workspace(workspace.uuid),
            "SELECT \(Self.columns) FROM messages m WHERE m.workspace_id = \(workspace.uuid) AND m.id = \(id.uuid)"
        )
        return try rows.first.map { try self.json($0, in: workspace, at: date) }
    }

    private func json(_ row: Row, in workspace: WorkspaceID, at date: Date) throws -> JSON {
        let isInbound = try row.value("direction", as: MessageInsertion.Direction.self) == .inbound
        let clientID = isInbound ? try row.optional("external_id", as: String.self).flatMap(VisitorRequest.clientID) : nil
        guard let body = Body(json: try JSON(parsing: try row.value("body", as: JSONText.self).text)) else {
            throw PostgresError(.badValue, "a message's row is unreadable")
        }
        return [
            "id": try MessageStore.id(row, "id"), "conversationId": try MessageStore.id(row, "conversation_id"),
            "clientId": clientID.map(JSON.string) ?? .null, "from": .string(isInbound ? "visitor" : "agent"),
            "body": self.shown(body, in: workspace, at: date), "createdAt": try MessageStore.moment(row, "created_at"),
        ]
    }

    /// Only what the widget shows: plain text, files by link, buttons.
    private func shown(_ body: Body, in workspace: WorkspaceID, at date: Date) -> JSON {
        let media = body.media.map { self.links.linked($0, in: workspace, at: date) }
            .filter { $0.url.hasPrefix("https://") || $0.url.hasPrefix("http://") }
        return [
            "type": "text", "text": ["text": .string(body.text)], "buttons": .array(body.buttons.map(\.json)),
            "media": .array(
                media.map { file in
                    [
                        "url": .string(file.url), "contentType": file.contentType.map(JSON.string) ?? .null,
                        "filename": file.filename.map(JSON.string) ?? .null, "size": file.size.map { .integer($0) } ?? .null,
                    ]
                }
            ),
        ]
    }

    // MARK: - What was missed

    /// More events of the whole workspace than this are not looked through: the browser loads its history anew.
    static let reach = 20_000

    /// The visitor's events behind `after`, up to `end`, in order; nil when there is too much to look through.
    func missed(by place: Place, after: Int64, upTo end: Int64, at date: Date) async throws -> [VisitorEvent]? {
        let workspace = place.workspace.uuid
        let counted = try await self.pool.query(
            in: .workspace(workspace),
            """
            SELECT count(*) AS count FROM (SELECT FROM events WHERE workspace_id = \(workspace) AND id > \(after) AND id <= \(end)
                LIMIT \(Self.reach + 1)) e
            """
        )
        guard try counted[0].value("count", as: Int64.self) <= Int64(Self.reach) else { return nil }
        let rows = try await self.pool.query(
            in: .workspace(workspace),
            """
            SELECT e.workspace_id, e.id, e.type, e.conversation_id, e.message_id, e.data, e.created_at
            FROM events e JOIN conversations c ON c.workspace_id = e.workspace_id AND c.id = e.conversation_id
            WHERE e.workspace_id = \(workspace) AND e.id > \(after) AND e.id <= \(end) AND c.channel_id = \(place.channel.uuid)
                AND c.thread_key = ANY(\(place.threadKeys)) AND e.type IN ('message.created', 'message.updated', 'conversation.updated')
            ORDER BY e.id
            """
        )
        var found: [VisitorEvent] = []
        for row in rows {
            if let event = try await self.seen(FeedEvent(row), at: date) { found.append(event) }
        }
        return found
    }

    /// What a visitor is told of an event; nil for what is none of theirs.
    func seen(_ event: FeedEvent, at date: Date) async throws -> VisitorEvent? {
        switch (VisitorEvent.Kind(event), event.message) {
        case (.message, let message?):
            guard let json = try await self.message(message, in: event.workspace, at: date) else { return nil }
            return VisitorEvent(id: event.id, name: "message", data: json)
        case (.receipt(let status), let message?):
            return VisitorEvent(
                id: event.id,
                name: "receipt",
                data: ["messageId": .string(message.description), "status": .string(status)]
            )
        case (.conversation(let status), _):
            let id = event.conversation.map { JSON.string($0.description) } ?? .null
            return VisitorEvent(id: event.id, name: "conversation", data: ["conversationId": id, "status": .string(status)])
        case (.typing, _):
            let id = event.conversation.map { JSON.string($0.description) } ?? .null
            return VisitorEvent(
                id: nil,
                name: "typing",
                data: ["from": "agent", "conversationId": id, "name": event.data["name"] ?? .null]
            )
        default: return nil
        }
    }

    /// Whose a conversation is; nil for one that is no webchat.
    func owner(of conversation: ConversationID, in workspace: WorkspaceID) async throws -> (channel: ChannelID, threadKey: String)? {
        let rows = try await self.pool.query(
            in: .workspace(workspace.uuid),
            "SELECT channel_id, thread_key FROM conversations WHERE workspace_id = \(workspace.uuid) AND id = \(conversation.uuid)"
        )
        guard let row = rows.first else { return nil }
        let key = try row.value("thread_key", as: String.self)
        return key.hasPrefix("\(Visitor.space.rawValue):") ? (ChannelID(try row.value("channel_id")), key) : nil
    }

    /// The conversation that is open with them; the newest when a user has several.
    func openConversation(of place: Place) async throws -> ConversationID? {
        let rows = try await self.pool.query(
            in: .workspace(place.workspace.uuid),
            """
            SELECT id FROM conversations WHERE workspace_id = \(place.workspace.uuid) AND channel_id = \(place.channel.uuid)
                AND thread_key = ANY(\(place.threadKeys)) AND status = 'active' ORDER BY id DESC LIMIT 1
            """
        )
        return try rows.first.map { ConversationID(try $0.value("id")) }
    }

    /// Those of `messages` that were sent to them.
    func own(_ messages: [MessageID], of place: Place) async throws -> [MessageID] {
        let rows = try await self.pool.query(
            in: .workspace(place.workspace.uuid),
            """
            SELECT DISTINCT message_id FROM deliveries WHERE workspace_id = \(place.workspace.uuid) AND message_id = ANY(\(messages.map(\.uuid)))
                AND channel_id = \(place.channel.uuid) AND address = ANY(\(place.addresses))
            """
        )
        return try rows.map { MessageID(try $0.value("message_id")) }
    }
}
