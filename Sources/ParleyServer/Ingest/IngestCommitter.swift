import Foundation
package import Logging
import Parley
package import Postgres
import Queue

/// Stores requests in groups: all that wait at the same moment share one transaction and one fsync, without a timer.
///
/// While one group commits, the next gathers; so a lone request waits for nobody and a thousand cost what ten did.
package final class IngestCommitter: Sendable {
    /// What became of one request.
    package struct Stored: Sendable, Hashable {
        /// How many of its events were new; the rest had been stored before.
        package var newEvents: Int
        package var isDuplicate: Bool
        /// Another process asks the channel by now: nothing was stored.
        package var isStale = false
    }

    private let gathering: Gathering<[IngestItem], [Stored], any Error>

    package init(pool: Pool, metrics: Metrics, logger: Logger) {
        let groupSizes = metrics.histogram(
            "parley_ingest_group_size",
            "Requests that shared one commit.",
            bounds: [1, 2, 5, 10, 20, 50, 100, 200, 500]
        )
        // One of a group is at fault, not the database: alone, each gets what it deserves.
        self.gathering = Gathering(
            largest: 500,
            goesAlone: { error in
                guard let error = error as? PostgresError, !error.isUnavailable else { return false }
                logger.warning("ingest group failed, storing one by one", metadata: ["error": "\(error)"])
                return true
            }
        ) { requests in
            groupSizes.record(Double(requests.count))
            var stored = try await Self.write(requests.flatMap(\.self), to: pool)[...]
            return requests.map { items in
                defer { stored = stored.dropFirst(items.count) }
                return Array(stored.prefix(items.count))
            }
        }
    }

    /// Returns when the request is durable, never before.
    package func store(_ item: IngestItem) async throws -> Stored { try await self.store([item])[0] }

    /// Returns when all are durable; when it throws, none is.
    package func store(_ items: [IngestItem]) async throws -> [Stored] { try await self.gathering(items) }

    /// Two round trips: which keys are new, then everything that follows from it and COMMIT.
    private static func write(_ items: [IngestItem], to pool: Pool) async throws -> [Stored] {
        try await pool.transaction(in: .all) { transaction in
            let stale = try await Self.move(items.compactMap(\.poll), in: transaction)
            let keys = IngestKeys(items.filter { !$0.isStale(stale) })
            var new = keys.isEmpty ? [] : Set(try await transaction.query(keys.insertion).map(IngestKeys.Key.init))
            var results: [Stored] = []
            var kept: [IngestItem] = []
            var jobs: [JobDraft] = []
            for item in items {
                guard !item.isStale(stale) else {
                    results.append(Stored(newEvents: 0, isDuplicate: false, isStale: true))
                    continue
                }
                let drafts = item.jobs { new.contains(IngestKeys.Key(item, $0)) }
                let isNew = item.outcome == .accepted ? !drafts.isEmpty : new.contains(IngestKeys.Key(item, item.keys[0]))
                var count = 0
                for key in item.keys where new.remove(IngestKeys.Key(item, key)) != nil { count += 1 }
                results.append(Stored(newEvents: count, isDuplicate: !isNew))
                jobs += drafts
                if isNew || item.isReplay { kept.append(item) }
            }
            var left = kept[...]
            repeat {
                let load = left.prefix(Self.fitting(left))
                left = left.dropFirst(load.count)
                var statements = load.isEmpty ? [] : [Self.insertion(of: load)]
                statements += AttachmentFile.insertion(of: load.flatMap { item in item.files.map { (item.workspace, $0) } })
                if left.isEmpty, !jobs.isEmpty { statements += JobDraft.insertion(jobs) }
                if !statements.isEmpty { _ = try await transaction.pipeline(statements) }
            } while !left.isEmpty
            return results
        }
    }

    /// How many of the first go into one statement: a mail to many channels is as many copies of it, and each statement is copied whole.
    private static func fitting(_ items: ArraySlice<IngestItem>) -> Int {
        var bytes = 0
        let fitting = items.prefix { item in
            bytes += item.request.body.count + item.files.reduce(0) { $0 + $1.bytes.count }
            return bytes <= 16 << 20
        }
        return max(1, fitting.count)
    }

    /// Moves the cursors of channels that were asked.
    ///
    /// - Returns: the channels that others ask by now, whose cursors are theirs to move.
    private static func move(_ marks: [PollMark], in transaction: Transaction) async throws -> Set<ChannelID> {
        guard !marks.isEmpty else { return [] }
        var moved: Set<ChannelID> = []
        for row in try await transaction.query(PollMark.update(marks)) { moved.insert(ChannelID(try row.value("channel_id"))) }
        return Set(marks.map(\.channel)).subtracting(moved)
    }

    /// A replay finds its row there already and only changes what was made of it.
    private static func insertion(of items: ArraySlice<IngestItem>) -> SQL {
        """
        INSERT INTO inbound_requests (workspace_id, id, channel_id, request, outcome, detail)
        SELECT * FROM unnest(\(items.map(\.workspace.uuid)), \(items.map(\.id)), \(items.map(\.channel.uuid)),
            \(items.map { ArchivedRequest.bytes(of: $0.request) }), \(items.map(\.outcome.rawValue)), \(items.map(\.detail)))
        ON CONFLICT (workspace_id, id) DO UPDATE SET outcome = excluded.outcome, detail = excluded.detail
        """
    }
}

extension IngestItem {
    fileprivate func isStale(_ channels: Set<ChannelID>) -> Bool { self.poll.map { channels.contains($0.channel) } ?? false }
}

/// The keys of one group, in one order for every process, so that two groups with the same keys wait for, and never dead-lock, each other.
private struct IngestKeys: Sendable {
    struct Key: Hashable, Sendable, Comparable {
        var workspace: UUID
        var channel: UUID
        @Exact var key: String

        init(_ item: IngestItem, _ key: String) {
            (self.workspace, self.channel) = (item.workspace.uuid, item.channel.uuid)
            self.key = key
        }

        init(_ row: Row) throws(PostgresError) {
            self.workspace = try row.value("workspace_id")
            self.channel = try row.value("channel_id")
            self.key = try row.value("key")
        }

        static func < (left: Key, right: Key) -> Bool {
            (left.channel.uuidString, left._key) < (right.channel.uuidString, right._key)
        }
    }
    private let sorted: [Key]

    init(_ items: [IngestItem]) {
        self.sorted = Set(items.flatMap { item in item.keys.map { Key(item, $0) } }).sorted()
    }

    var isEmpty: Bool { self.sorted.isEmpty }
    var insertion: SQL {
        """
        INSERT INTO inbound_keys (workspace_id, channel_id, key)
        SELECT * FROM unnest(\(self.sorted.map(\.workspace)), \(self.sorted.map(\.channel)), \(self.sorted.map(\.key)))
        ON CONFLICT DO NOTHING RETURNING workspace_id, channel_id, key
        """
    }
}
