package import Foundation
package import Parley
package import Postgres

/// Two contacts that became one, and how to take it back.
package struct ContactMerge: Sendable {
    package var id: UUID
    var from: ContactID
    var into: ContactID
    /// Why they are one person.
    var evidence: JSON
    var createdAt: Date
    var undoneAt: Date?

    /// Newest first.
    ///
    /// - Parameter contact: those that it came from or went into; nil for all.
    package static func list(of contact: ContactID?, in workspace: WorkspaceID, before: UUID?, limit: Int) -> SQL {
        func page(_ of: SQL) -> SQL {
            """
            SELECT \(Self.columns) FROM contact_merges
            WHERE workspace_id = \(workspace.uuid) AND id < \(before ?? .highest) \(of) ORDER BY id DESC LIMIT \(limit)
            """
        }
        guard let contact else { return page("") }
        return """
            SELECT * FROM ((\(page("AND from_contact = \(contact.uuid)"))) UNION ALL (\(page("AND into_contact = \(contact.uuid)")))) AS m
            ORDER BY id DESC LIMIT \(limit)
            """
    }

    static func find(_ id: UUID, in workspace: WorkspaceID, on queries: any Queries) async throws -> ContactMerge? {
        let rows = try await queries.query(
            "SELECT \(Self.columns) FROM contact_merges WHERE workspace_id = \(workspace.uuid) AND id = \(id)"
        )
        return try rows.first.map(Self.init)
    }

    private static let columns: SQL = "id, from_contact, into_contact, evidence, created_at, undone_at"

    package init(_ row: Row) throws(PostgresError) {
        self.id = try row.value("id")
        self.from = ContactID(try row.value("from_contact", as: UUID.self))
        self.into = ContactID(try row.value("into_contact", as: UUID.self))
        self.evidence = (try? JSON(parsing: row.value("evidence", as: JSONText.self).text)) ?? .null
        self.createdAt = try row.value("created_at")
        self.undoneAt = try row.optional("undone_at")
    }

    package var json: JSON {
        [
            "mergeId": .string(self.id.uuidString.lowercased()), "fromContactId": .string(self.from.description),
            "contactId": .string(self.into.description), "evidence": self.evidence,
            "createdAt": .string(Moment.text(self.createdAt)), "undoneAt": self.undoneAt.map { .string(Moment.text($0)) } ?? .null,
        ]
    }
}
