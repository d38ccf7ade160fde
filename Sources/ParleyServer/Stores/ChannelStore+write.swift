package import Foundation
package import Parley
package import Postgres

extension ChannelStore {
    /// - Throws: `MailboxStore.AddressTaken` when another channel has an address that the settings name.
    package func create(
        _ id: ChannelID,
        in workspace: WorkspaceID,
        adapter: AdapterName,
        name: String,
        settings: [String: JSON],
        policy: ChannelPolicy,
        on queries: any Queries
    ) async throws -> ChannelRecord {
        let rows = try await queries.query(
            """
            INSERT INTO channels (workspace_id, id, adapter, name, settings, policy)
            VALUES (\(workspace.uuid), \(id.uuid), \(adapter.rawValue), \(name), \(try self.sealed(settings, id)), \(try Self.text(policy)))
            RETURNING \(Self.columns)
            """
        )
        let addresses = self.mailboxes(adapter, settings)
        if !addresses.isEmpty { try await MailboxStore.assign(addresses, to: id, in: workspace, on: queries) }
        return try self.record(rows[0])
    }

    /// Writes the whole record: the settings are sealed anew, so also with the newest master key.
    ///
    /// The caller found the record `locking`, in the same transaction: else it writes over what another changed since.
    ///
    /// - Throws: as `create`.
    package func update(_ record: ChannelRecord, on queries: any Queries) async throws -> ChannelRecord? {
        let results = try await queries.pipeline([
            """
            UPDATE channels SET name = \(record.name), settings = \(try self.sealed(record.settings, record.id)),
                policy = \(try Self.text(record.policy)), status = \(record.status.rawValue), status_why = \(record.statusReason),
                updated_at = now()
            FROM (SELECT status AS was FROM channels WHERE workspace_id = \(record.workspace.uuid) AND id = \(record.id.uuid)) before
            WHERE workspace_id = \(record.workspace.uuid) AND id = \(record.id.uuid) RETURNING \(Self.columns), was
            """,
            Self.notification(record.id),
        ])
        guard let row = results[0].first else { return nil }
        if try row.value("was") == ChannelRecord.Status.disabled.rawValue, record.status != .disabled {
            _ = try await queries.query(OutboxPayload.wake(record.id, in: record.workspace))
        }
        let addresses = self.mailboxes(record.adapter, record.settings)
        try await MailboxStore.assign(addresses, to: record.id, in: record.workspace, on: queries)
        return try self.record(row)
    }

    /// Messages are under way over the channel: their jobs would find nothing to send by (F38).
    package struct Busy: Error {
        package var deliveries: Int
    }

    /// - Returns: false when there was none.
    /// - Throws: `Busy`.
    package func delete(_ id: ChannelID, in workspace: WorkspaceID, on queries: any Queries) async throws -> Bool {
        let waiting = try await queries.query(
            """
            SELECT count(*) FROM deliveries WHERE workspace_id = \(workspace.uuid) AND channel_id = \(id.uuid)
                AND state = ANY(\(DeliveryState.underWay))
            """
        )[0].value("count", as: Int.self)
        guard waiting == 0 else { throw Busy(deliveries: waiting) }
        let results = try await queries.pipeline([
            "DELETE FROM channels WHERE workspace_id = \(workspace.uuid) AND id = \(id.uuid) RETURNING id",
            Self.notification(id),
        ])
        return !results[0].isEmpty
    }

    /// - Parameter locking: to the end of the transaction nobody else changes it: for who writes the record back.
    package func find(
        _ id: ChannelID,
        in workspace: WorkspaceID,
        locking: Bool = false,
        on queries: any Queries
    ) async throws -> ChannelRecord? {
        let rows = try await queries.query(
            """
            SELECT \(Self.columns) FROM channels WHERE workspace_id = \(workspace.uuid) AND id = \(id.uuid) \(Self.lock(locking))
            """
        )
        return try rows.first.map(self.record)
    }

    /// All that have one of the names, by id; a name may belong to several.
    package func find(
        named names: [String],
        in workspace: WorkspaceID,
        locking: Bool = false,
        on queries: any Queries
    ) async throws -> [ChannelRecord] {
        let rows = try await queries.query(
            """
            SELECT \(Self.columns) FROM channels WHERE workspace_id = \(workspace.uuid) AND name = ANY(\(names)) ORDER BY id
            \(Self.lock(locking))
            """
        )
        return try rows.map(self.record)
    }

    /// By id, which is by age.
    package func list(
        in workspace: WorkspaceID,
        after: UUID? = nil,
        limit: Int = 200,
        on queries: any Queries
    ) async throws -> [ChannelRecord] {
        let rows = try await queries.query(
            """
            SELECT \(Self.columns) FROM channels
            WHERE workspace_id = \(workspace.uuid) AND id > \(after ?? .lowest) ORDER BY id LIMIT \(limit)
            """
        )
        return try rows.map(self.record)
    }

    private func sealed(_ settings: [String: JSON], _ id: ChannelID) throws -> [UInt8] {
        try self.sealer.seal(Array(JSON.object(settings).text.utf8), for: id.uuid)
    }

    private static func text(_ policy: ChannelPolicy) throws -> JSONText {
        JSONText(String(decoding: try JSONEncoder().encode(policy), as: UTF8.self))
    }

    /// The key stays as it is, so what refers to the channel may go on being written.
    private static func lock(_ locking: Bool) -> SQL { locking ? "FOR NO KEY UPDATE" : "" }

    private static func notification(_ id: ChannelID) -> SQL { "SELECT pg_notify(\(Self.notifications), \(id.description))" }
}
