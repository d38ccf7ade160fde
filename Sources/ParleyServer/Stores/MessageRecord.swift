import Foundation
import Parley
import Postgres

/// A message as the API shows it: the same to whoever posts it, lists it or asks for it.
struct MessageRecord: Sendable {
    var id: MessageID
    var conversation: ConversationID
    var channel: ChannelID
    var contact: ContactID?
    var direction: MessageInsertion.Direction
    var seq: Int
    /// What its author wants it to say now; the first text stands in the revisions.
    var body: JSON
    var status: String
    var reason: String?
    var reasonDetail: String?
    var possibleDuplicate = false
    var degradations: [String] = []
    var externalID: String?
    var senderKey: KeyID?
    var request: UUID?
    var isAutomatic: Bool
    var why: JSON
    var editedAt: Date?
    var deletedAt: Date?
    var sentAt: Date?
    var createdAt: Date

    /// What was posted this moment.
    init(_ posted: OutboundStore.Posted, by key: KeyID) {
        self.id = posted.id
        self.conversation = posted.conversation
        self.channel = posted.channel
        self.contact = posted.contact
        self.direction = .outbound
        self.seq = posted.seq
        self.body = posted.body.json
        self.status = posted.state.rawValue
        self.senderKey = key
        self.isAutomatic = posted.isAutomatic
        self.why = Why.posted.json
        self.createdAt = posted.createdAt
    }

    /// - Parameter row: of `MessageStore.select`.
    init(_ row: Row) throws {
        self.id = MessageID(try row.value("id"))
        self.conversation = ConversationID(try row.value("conversation_id"))
        self.channel = ChannelID(try row.value("channel_id"))
        self.contact = try row.optional("contact_id", as: UUID.self).map { ContactID($0) }
        self.direction = try row.value("direction")
        self.seq = try row.value("seq")
        self.body = try JSON(parsing: try row.value("body", as: JSONText.self).text)
        if let edited = try row.optional("edited_text", as: String.self), case .object(var members) = self.body {
            members["text"] = ["text": .string(edited)]
            self.body = .object(members)
        }
        let state = try row.optional("state", as: String.self)
        self.status = self.direction == .inbound ? "received" : state ?? "queued"
        self.reason = try row.optional("reason")
        self.reasonDetail = try row.optional("detail")
        self.why = try JSON(parsing: try row.value("why", as: JSONText.self).text)
        self.possibleDuplicate = try row.optional("possible_duplicate") ?? (self.why["possibleDuplicateOf"] != nil)
        self.degradations = state == nil ? [] : try row.array("degradations", of: String.self)
        self.externalID = try row.optional("external_id")
        self.senderKey = try row.optional("sender_key_id", as: UUID.self).map { KeyID($0) }
        self.request = try row.optional("request_id")
        self.isAutomatic = try row.value("is_automatic")
        self.editedAt = try row.optional("edited_at")
        self.deletedAt = try row.optional("deleted_at")
        self.sentAt = try row.optional("sent_at")
        self.createdAt = try row.value("created_at")
    }

    func json(_ links: FileLinks) -> JSON {
        [
            "id": .string(self.id.description), "conversationId": .string(self.conversation.description),
            "channelId": .string(self.channel.description), "contactId": self.contact.map { .string($0.description) } ?? .null,
            "direction": .string(self.direction.rawValue), "seq": .integer(self.seq), "body": links.absolute(self.body),
            "status": .string(self.status), "reason": self.reason.map(JSON.string) ?? .null,
            "reasonDetail": self.reasonDetail.map(JSON.string) ?? .null, "possibleDuplicate": .bool(self.possibleDuplicate),
            "degradations": .array(self.degradations.map(JSON.string)), "externalId": self.externalID.map(JSON.string) ?? .null,
            "senderKeyId": self.senderKey.map { .string($0.description) } ?? .null,
            "requestId": self.request.map { .string($0.uuidString.lowercased()) } ?? .null, "isAutomatic": .bool(self.isAutomatic),
            "why": self.why, "editedAt": Self.moment(self.editedAt), "deletedAt": Self.moment(self.deletedAt),
            "sentAt": Self.moment(self.sentAt), "createdAt": Self.moment(self.createdAt),
        ]
    }

    private static func moment(_ date: Date?) -> JSON { date.map { .string(Moment.text($0)) } ?? .null }
}
