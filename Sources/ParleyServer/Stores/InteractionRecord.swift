package import Foundation
package import Parley
package import Postgres

/// What a person did other than write: a tap on a button, a reaction, a command.
package struct InteractionRecord: Sendable {
    package var id: UUID
    var channel: ChannelID
    var contact: ContactID
    var identity: IdentityID
    var externalID: String?
    var type: String
    var fields: JSON
    var createdAt: Date

    /// Newest first; nil filters let all through.
    package static func list(
        by contact: ContactID?,
        over channel: ChannelID?,
        in workspace: WorkspaceID,
        before: UUID?,
        limit: Int
    ) -> SQL {
        let columns: SQL = "a.id, a.channel_id, i.contact_id, a.identity_id, a.external_id, a.type, a.fields, a.created_at"
        let over = SQL.and(channel) { "a.channel_id = \($0.uuid)" }
        func page(_ by: SQL) -> SQL {
            """
            SELECT a.* FROM interactions a WHERE a.workspace_id = \(workspace.uuid) AND a.id < \(before ?? .highest) \(over) \(by)
            ORDER BY a.id DESC LIMIT \(limit)
            """
        }
        guard let contact else {
            return """
                SELECT \(columns) FROM (\(page(""))) a JOIN identities i ON i.workspace_id = a.workspace_id AND i.id = a.identity_id
                ORDER BY a.id DESC
                """
        }
        return """
            SELECT \(columns) FROM identities i CROSS JOIN LATERAL (\(page("AND a.identity_id = i.id"))) a
            WHERE i.workspace_id = \(workspace.uuid) AND i.contact_id = \(contact.uuid) ORDER BY a.id DESC LIMIT \(limit)
            """
    }

    package init(_ row: Row) throws(PostgresError) {
        self.id = try row.value("id")
        self.channel = ChannelID(try row.value("channel_id", as: UUID.self))
        self.contact = ContactID(try row.value("contact_id", as: UUID.self))
        self.identity = IdentityID(try row.value("identity_id", as: UUID.self))
        self.externalID = try row.optional("external_id")
        self.type = try row.value("type")
        self.fields = (try? JSON(parsing: row.value("fields", as: JSONText.self).text)) ?? .null
        self.createdAt = try row.value("created_at")
    }

    package var json: JSON {
        [
            "id": .string(self.id.uuidString.lowercased()), "channelId": .string(self.channel.description),
            "contactId": .string(self.contact.description), "identityId": .string(self.identity.description),
            "externalId": self.externalID.map(JSON.string) ?? .null, "type": .string(self.type), "fields": self.fields,
            "createdAt": .string(Moment.text(self.createdAt)),
        ]
    }
}
