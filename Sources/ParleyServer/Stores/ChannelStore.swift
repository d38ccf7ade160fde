package import Channels
import Foundation
package import Parley
package import Postgres

/// The channels: kept with sealed settings, opened once and remembered for a moment.
///
/// A change is told to every process (`parley_channels`); the short life of what is remembered is the net under that.
package final class ChannelStore: Sendable {
    /// The notification's payload is the channel's id.
    package static let notifications = "parley_channels"

    let pool: Pool
    let sealer: Sealer
    private let adapters: AdapterRegistry
    private let memory: ShortMemory<ChannelID, ChannelRecord?>

    /// - Parameter adapters: tell which addresses a channel's settings name.
    package init(pool: Pool, sealer: Sealer, adapters: AdapterRegistry, timeToLive: Duration = .seconds(5)) {
        self.adapters = adapters
        self.pool = pool
        self.sealer = sealer
        self.memory = ShortMemory(timeToLive: timeToLive)
    }

    /// The channel in whichever workspace: for hooks and workers, which know nothing but its id. Nil when there is none.
    package func channel(_ id: ChannelID) async throws -> ChannelRecord? {
        try await self.memory.value(of: id) {
            let rows = try await self.pool.query(in: .all, "SELECT \(Self.columns) FROM channels WHERE id = \(id.uuid)")
            return try rows.first.map(self.record)
        }
    }

    func mailboxes(_ adapter: AdapterName, _ settings: [String: JSON]) -> [String] { self.adapters[adapter]?.mailboxes(settings) ?? [] }

    /// Forgets one channel, or all when a notification may have been missed.
    package func forget(_ id: ChannelID?) { self.memory.forget(id) }

    static let columns: SQL =
        "workspace_id, id, adapter, name, settings, policy, status, status_why, created_at, updated_at, \(PollStatus.columns)"

    func record(_ row: Row) throws -> ChannelRecord {
        let id = ChannelID(try row.value("id", as: UUID.self))
        let opened = try self.sealer.open(try row.value("settings", as: [UInt8].self), for: id.uuid)
        guard let adapter = AdapterName(rawValue: try row.value("adapter")), case .object(let settings) = try JSON(parsing: opened)
        else { throw PostgresError(.badValue, "a channel's row is unreadable") }
        return ChannelRecord(
            workspace: WorkspaceID(try row.value("workspace_id", as: UUID.self)),
            id: id,
            adapter: adapter,
            name: try row.value("name"),
            settings: settings,
            policy: try ChannelPolicy(row),
            tokenKeys: self.sealer.tokenKeys(of: id),
            status: try row.value("status"),
            statusReason: try row.optional("status_why"),
            polling: try PollStatus(row),
            createdAt: try row.value("created_at"),
            updatedAt: try row.value("updated_at")
        )
    }
}
