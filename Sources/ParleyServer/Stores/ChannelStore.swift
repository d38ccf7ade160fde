package import Channels
import Foundation
package import Parley
package import Postgres
import Synchronization

/// The channels: kept with sealed settings, opened once and remembered for a moment.
///
/// A change is told to every process (`parley_channels`); the short life of what is remembered is the net under that.
package final class ChannelStore: Sendable {
    /// The notification's payload is the channel's id.
    package static let notifications = "parley_channels"

    private struct Entry {
        var record: ChannelRecord?
        var loadedAt: ContinuousClock.Instant
    }
    private struct Cache {
        var entries: [ChannelID: Entry] = [:]
        /// Rises with every change heard of, so that a load begun before it is not kept.
        var generation = 0
    }

    let pool: Pool
    let sealer: Sealer
    private let adapters: AdapterRegistry
    private let timeToLive: Duration
    private let cache = Mutex(Cache())
    private static let capacity = 10_000

    /// - Parameter adapters: tell which addresses a channel's settings name.
    package init(pool: Pool, sealer: Sealer, adapters: AdapterRegistry, timeToLive: Duration = .seconds(5)) {
        self.adapters = adapters
        self.pool = pool
        self.sealer = sealer
        self.timeToLive = timeToLive
    }

    /// The channel in whichever workspace: for hooks and workers, which know nothing but its id. Nil when there is none.
    package func channel(_ id: ChannelID) async throws -> ChannelRecord? {
        let now = ContinuousClock.now
        let (known, generation) = self.cache.withLock { ($0.entries[id], $0.generation) }
        if let known, now - known.loadedAt < self.timeToLive { return known.record }
        let rows = try await self.pool.query(in: .all, "SELECT \(Self.columns) FROM channels WHERE id = \(id.uuid)")
        let record = try rows.first.map(self.record)
        self.cache.withLock { cache in
            guard cache.generation == generation else { return }
            if cache.entries.count >= Self.capacity { cache.entries.removeAll(keepingCapacity: true) }
            cache.entries[id] = Entry(record: record, loadedAt: now)
        }
        return record
    }

    func mailboxes(_ adapter: AdapterName, _ settings: [String: JSON]) -> [String] { self.adapters[adapter]?.mailboxes(settings) ?? [] }

    /// Forgets one channel, or all when a notification may have been missed.
    package func forget(_ id: ChannelID?) {
        self.cache.withLock { cache in
            cache.generation += 1
            if let id { cache.entries[id] = nil } else { cache.entries.removeAll(keepingCapacity: true) }
        }
    }

    static let columns: SQL =
        "workspace_id, id, adapter, name, settings, policy, status, status_why, created_at, updated_at, \(PollStatus.columns)"

    func record(_ row: Row) throws -> ChannelRecord {
        let id = ChannelID(try row.value("id", as: UUID.self))
        let opened = try self.sealer.open(try row.value("settings", as: [UInt8].self), for: id.uuid)
        let policy = try row.value("policy", as: JSONText.self).text
        guard let adapter = AdapterName(rawValue: try row.value("adapter")), case .object(let settings) = try JSON(parsing: opened),
            let status = ChannelRecord.Status(rawValue: try row.value("status"))
        else { throw PostgresError(.badValue, "a channel's row is unreadable") }
        return ChannelRecord(
            workspace: WorkspaceID(try row.value("workspace_id", as: UUID.self)),
            id: id,
            adapter: adapter,
            name: try row.value("name"),
            settings: settings,
            policy: try JSONDecoder().decode(ChannelPolicy.self, from: Data(policy.utf8)),
            tokenKeys: self.sealer.tokenKeys(of: id),
            status: status,
            statusReason: try row.optional("status_why"),
            polling: try PollStatus(row),
            createdAt: try row.value("created_at"),
            updatedAt: try row.value("updated_at")
        )
    }
}
