import Foundation
import Parley
import Postgres

/// Contacts as the API shows them, with their identities.
enum ContactStore {
    struct Record: Sendable {
        var id: ContactID
        var json: JSON
    }

    /// Newest first. `address`: only contacts that have it, in whichever space.
    static func page(in workspace: WorkspaceID, address: String?, before: UUID?, limit: Int) -> SQL {
        let having = SQL.and(address) { address in
            """
            c.id = ANY(ARRAY(SELECT i.contact_id FROM identities i
                WHERE i.workspace_id = \(workspace.uuid) AND i.address = \(address)))
            """
        }
        return Self.select(
            """
            SELECT c.* FROM contacts c WHERE c.workspace_id = \(workspace.uuid) AND c.id < \(before ?? .highest) \(having)
            ORDER BY c.id DESC LIMIT \(limit)
            """
        )
    }

    static func one(_ id: ContactID, in workspace: WorkspaceID) -> SQL {
        Self.select("SELECT c.* FROM contacts c WHERE c.workspace_id = \(workspace.uuid) AND c.id = \(id.uuid)")
    }

    private static func select(_ source: SQL) -> SQL {
        """
        SELECT c.id, c.display_name, c.attributes, c.created_at, i.identities FROM (\(source)) c
        CROSS JOIN LATERAL (
            SELECT coalesce(jsonb_agg(jsonb_build_object('id', i.id, 'space', i.space, 'address', i.address, 'displayName', i.display_name,
                'proven', i.proven, 'stopped', i.stopped_at IS NOT NULL) ORDER BY i.id), '[]') AS identities
            FROM identities i WHERE i.workspace_id = c.workspace_id AND i.contact_id = c.id
        ) i
        ORDER BY c.id DESC
        """
    }

    static func record(_ row: Row) throws -> Record {
        let id = ContactID(try row.value("id", as: UUID.self))
        let json: [String: JSON] = [
            "id": .string(id.description),
            "displayName": try row.optional("display_name", as: String.self).map(JSON.string) ?? .null,
            "attributes": try JSON(parsing: try row.value("attributes", as: JSONText.self).text),
            "identities": try JSON(parsing: try row.value("identities", as: JSONText.self).text),
            "createdAt": try MessageStore.moment(row, "created_at"),
        ]
        return Record(id: id, json: .object(json))
    }
}
