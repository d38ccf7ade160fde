import Channels
import Foundation
import HTTPTypes
import HummingbirdCore
import Logging
import Parley
import Postgres

/// Brings each workspace's events to the visitors who are connected to this process: read once, whatever their number.
actor WebchatHub {
    /// Streams one browser may have open: its tabs.
    private static let streamsOfOne = 10
    /// A visitor who lets more than this wait connects again and is told from the table.
    private static let room = 500

    /// A visitor's side of the hub.
    struct Connection: Sendable {
        var events: AsyncStream<VisitorEvent>
        /// Every event of theirs behind this one comes through `events`.
        var position: Int64
    }
    private struct Browser: Hashable {
        var channel: ChannelID
        var device: String
    }
    private struct Sink {
        var browser: Browser
        var continuation: AsyncStream<VisitorEvent>.Continuation
    }
    private struct Slot: Hashable {
        var channel: ChannelID
        @Exact var threadKey: String
    }
    private struct Reading {
        var task: Task<Void, Never>
        var position: Int64
        var sinks: [Int: Sink] = [:]
        var streams: [Browser: Int] = [:]
        var slots: [Slot: Set<Int>] = [:]
        /// Whose conversations are; nil for those of other channels. Forgotten now and then.
        var owners: [ConversationID: Slot?] = [:]
    }

    let feed: EventFeed
    nonisolated let store: VisitorStore
    private let logger: Logger
    private var readings: [WorkspaceID: Reading] = [:]
    private var lastNumber = 0

    init(feed: EventFeed, store: VisitorStore, logger: Logger) {
        self.feed = feed
        self.store = store
        self.logger = logger
    }

    /// - Throws: 429 when the browser has too many streams; what the database throws.
    func connect(_ place: VisitorStore.Place, device: String) async throws -> Connection {
        if self.readings[place.workspace] == nil {
            let position = try await self.feed.position()
            if self.readings[place.workspace] == nil { self.start(place.workspace, at: position) }
        }
        let browser = Browser(channel: place.channel, device: device)
        guard self.readings[place.workspace]!.streams[browser, default: 0] < Self.streamsOfOne else {
            throw Problem(429, "rate_limited", "Too many streams of one browser", headers: [.retryAfter: "10"])
        }
        let (events, continuation) = AsyncStream.makeStream(of: VisitorEvent.self, bufferingPolicy: .bufferingOldest(Self.room))
        self.lastNumber += 1
        let number = self.lastNumber
        self.readings[place.workspace]?.sinks[number] = Sink(browser: browser, continuation: continuation)
        self.readings[place.workspace]?.streams[browser, default: 0] += 1
        for key in place.threadKeys {
            self.readings[place.workspace]?.slots[Slot(channel: place.channel, threadKey: key), default: []].insert(number)
        }
        continuation.onTermination = { [weak self] _ in Task { await self?.leave(number, place) } }
        return Connection(events: events, position: self.readings[place.workspace]!.position)
    }

    private func leave(_ number: Int, _ place: VisitorStore.Place) {
        // Nil where the reading ended, and maybe began anew, meanwhile.
        guard let sink = self.readings[place.workspace]?.sinks.removeValue(forKey: number) else { return }
        if let count = self.readings[place.workspace]?.streams[sink.browser] {
            self.readings[place.workspace]?.streams[sink.browser] = count > 1 ? count - 1 : nil
        }
        for key in place.threadKeys {
            let slot = Slot(channel: place.channel, threadKey: key)
            self.readings[place.workspace]?.slots[slot]?.remove(number)
            if self.readings[place.workspace]?.slots[slot]?.isEmpty == true { self.readings[place.workspace]?.slots[slot] = nil }
        }
        if self.readings[place.workspace]?.sinks.isEmpty == true { self.stop(place.workspace) }
    }

    // MARK: - Reading

    private func start(_ workspace: WorkspaceID, at position: Int64) {
        let task = Task { [feed, logger] in
            do {
                for try await event in await feed.subscribe(workspace: workspace, after: position) {
                    try await self.route(event)
                }
            } catch {
                // Whoever is connected comes back and is told from the table.
                if !Task.isCancelled { logger.warning("events did not reach the visitors", metadata: ["error": "\(error)"]) }
            }
            if !Task.isCancelled { self.stop(workspace) }
        }
        self.readings[workspace] = Reading(task: task, position: position)
    }

    private func stop(_ workspace: WorkspaceID) {
        guard let reading = self.readings.removeValue(forKey: workspace) else { return }
        reading.task.cancel()
        for sink in reading.sinks.values { sink.continuation.finish() }
    }

    private func route(_ event: FeedEvent) async throws {
        defer { if let id = event.id { self.readings[event.workspace]?.position = id } }
        guard VisitorEvent.Kind(event) != nil, let conversation = event.conversation,
            let slot = try await self.owner(of: conversation, in: event.workspace),
            self.readings[event.workspace]?.slots[slot] != nil, let seen = try await self.store.seen(event, at: Date())
        else { return }
        // Asked again: somebody may have come or gone while the message was read. Who came will find it in the table as well.
        for number in self.readings[event.workspace]?.slots[slot] ?? [] {
            guard let sink = self.readings[event.workspace]?.sinks[number] else { continue }
            if case .dropped = sink.continuation.yield(seen) { sink.continuation.finish() }
        }
    }

    private func owner(of conversation: ConversationID, in workspace: WorkspaceID) async throws -> Slot? {
        if let known = self.readings[workspace]?.owners[conversation] { return known }
        let found = try await self.store.owner(of: conversation, in: workspace)
        let slot = found.map { Slot(channel: $0.channel, threadKey: $0.threadKey) }
        if let count = self.readings[workspace]?.owners.count, count >= 10_000 { self.readings[workspace]?.owners = [:] }
        self.readings[workspace]?.owners[conversation] = .some(slot)
        return slot
    }
}
