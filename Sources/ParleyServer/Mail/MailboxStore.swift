import Foundation
package import Parley
package import Postgres

/// Where mail for an address goes.
package struct Mailbox: Hashable, Sendable {
    package var workspace: WorkspaceID
    package var channel: ChannelID
    /// `user@domain`, or `@domain` for a catch-all.
    package var address: String
    /// Its channel takes nothing in at the moment.
    package var isDisabled: Bool
}

/// The addresses of all channels, over all workspaces.
package struct MailboxStore: Sendable {
    /// Somebody else has the address already.
    package struct AddressTaken: Error, Hashable, Sendable {}

    /// What is known of an address.
    package struct Answer: Sendable {
        /// Those of the addresses asked for that there are.
        package var mailboxes: [Mailbox]
        /// Whether any channel has an address in the domain.
        package var isOurDomain: Bool
    }
    private let pool: Pool

    package init(pool: Pool) { self.pool = pool }

    /// One query, whatever the answer, so that its time says nothing.
    package func find(_ addresses: [String], domain: String) async throws -> Answer {
        let rows = try await self.pool.query(
            in: .all,
            """
            (SELECT m.workspace_id, m.channel_id, m.address, c.status = 'disabled' AS disabled
             FROM mailboxes m JOIN channels c ON c.workspace_id = m.workspace_id AND c.id = m.channel_id
             WHERE m.address = ANY (\(addresses)))
            UNION ALL
            (SELECT workspace_id, channel_id, '', false FROM mailboxes WHERE split_part(address, '@', 2) = \(domain) LIMIT 1)
            """
        )
        let found = try rows.map { row in
            Mailbox(
                workspace: WorkspaceID(try row.value("workspace_id", as: UUID.self)),
                channel: ChannelID(try row.value("channel_id", as: UUID.self)),
                address: try row.value("address"),
                isDisabled: try row.value("disabled")
            )
        }
        return Answer(mailboxes: found.filter { !$0.address.isEmpty }, isOurDomain: found.contains(where: \.address.isEmpty))
    }

    /// Makes these, and no others, the addresses of a channel.
    ///
    /// - Throws: `AddressTaken` when another channel has one of them, here or in another workspace.
    static func assign(_ addresses: [String], to channel: ChannelID, in workspace: WorkspaceID, on queries: any Queries) async throws {
        do throws(PostgresError) {
            _ = try await queries.pipeline([
                """
                DELETE FROM mailboxes
                WHERE workspace_id = \(workspace.uuid) AND channel_id = \(channel.uuid) AND address <> ALL (\(addresses))
                """,
                """
                INSERT INTO mailboxes (workspace_id, channel_id, address)
                SELECT \(workspace.uuid), \(channel.uuid), address FROM unnest(\(addresses)) AS address
                ON CONFLICT (workspace_id, channel_id, address) DO NOTHING
                """,
            ])
        } catch {
            guard error.code == .uniqueViolation, error.constraint == "mailboxes_address_unique" else { throw error }
            throw AddressTaken()
        }
    }
}
