import Channels
import Foundation
import Logging
import Parley
import Postgres
import ServiceLifecycle

/// Asks the providers that call nobody for what is new.
///
/// Any number of processes may run it: a channel is claimed by one at a time. What an answer brought and where to go on are one commit, so
/// nothing is lost or taken twice whenever a process dies, and the cursor never passes what could not be fetched, read or stored.
struct Poller: Service {
    /// Channels asked side by side; most of them only wait for an answer.
    static let concurrency = 256
    /// Requests in one claim while there is more; then others have their turn.
    static let rounds = 50

    let table: PollerTable
    let channels: ChannelStore
    let adapters: AdapterRegistry
    let transport: any PickupTransport
    let ingest: Ingest
    let publicURL: String
    let metrics: Metrics
    let logger: Logger
    var interval: Duration = .seconds(1)
    var clock: any Clock<Duration> = ContinuousClock()

    func run() async throws {
        let polled = self.adapters.all.filter(\.isPolled).map(\.name)
        guard !polled.isEmpty else { return try await gracefulShutdown() }
        await withDiscardingTaskGroup { group in
            let places = Places(Self.concurrency)
            while !Task.isCancelled, !Task.isShuttingDownGracefully {
                for claim in await self.claims(of: polled, upTo: places.free) {
                    places.take()
                    group.addTask {
                        await self.poll(claim)
                        places.giveBack()
                    }
                }
                try? await cancelWhenGracefulShutdown { try await self.clock.sleep(for: self.interval) }
            }
        }
    }

    /// A database that is away is waited for, not died of.
    func claims(of adapters: [AdapterName], upTo limit: Int) async -> [PollerTable.Claim] {
        guard limit > 0 else { return [] }
        do {
            try await self.table.enrol(adapters)
            return try await self.table.claim(upTo: limit)
        } catch {
            self.logger.warning("polling could not be begun", metadata: ["error": "\(error)"])
            return []
        }
    }

    /// Asks one channel until it has said all, and writes what comes of it. Stopping cuts a request short, never a commit.
    func poll(_ claim: PollerTable.Claim) async {
        do {
            try await self.work(on: claim)
        } catch is CancellationError {
            try? await self.table.release(claim)
        } catch {
            // The claim ends by itself; until then nobody knows better than to wait.
            self.logger.warning("a poll could not be worked on", metadata: ["channel.id": "\(claim.channel)", "error": "\(error)"])
        }
    }

    private func work(on claim: PollerTable.Claim) async throws {
        let scope = WorkspaceScope.workspace(claim.workspace.uuid)
        // Not the remembered one: a change of settings makes a channel due at once.
        let found = try await self.channels.pool.transaction(in: scope) { transaction in
            try await self.channels.find(claim.channel, in: claim.workspace, on: transaction)
        }
        guard let channel = found, let adapter = self.adapters[channel.adapter] else { return try await self.table.park(claim) }
        let context = channel.context(publicURL: self.publicURL)
        var mark = PollMark(workspace: claim.workspace, channel: claim.channel, claim: claim.number, cursor: claim.cursor)
        for round in 1...Self.rounds {
            do {
                guard let poll = try await adapter.poll(after: mark.cursor, for: context) else { return try await self.table.park(claim) }
                let pickup = try await cancelWhenGracefulShutdown { [mark] in
                    try await self.transport.pickUp(poll, after: mark.cursor, through: adapter, for: context)
                }
                let isLast = !pickup.isMore || round == Self.rounds
                guard try await self.store(pickup, of: channel, isLast ? poll.interval : nil, &mark) else {
                    return
                }
                self.count(adapter, "read")
                if isLast { return }
            } catch let failure as PickupFailure {
                return try await self.fail(claim, mark, failure, adapter)
            } catch let error as AdapterError {
                let failure = PickupFailure(reason: error.code.rawValue, after: nil)
                self.logger.error("adapter failed at polling", metadata: ["adapter": "\(adapter.name)", "error.detail": "\(error.detail)"])
                return try await self.fail(claim, mark, failure, adapter)
            }
        }
    }

    /// Stores what was picked up, each batch in one commit with the cursor behind it.
    ///
    /// - Parameter wait: until the channel is due again; nil while there is more.
    /// - Returns: false when another process has the channel by now.
    /// - Throws: `PickupFailure` for what cannot be read: it is kept for an operator, and the cursor stays before it.
    private func store(
        _ pickup: Pickup,
        of channel: ChannelRecord,
        _ wait: Duration?,
        _ mark: inout PollMark
    ) async throws -> Bool {
        for (index, batch) in pickup.batches.enumerated() {
            mark.cursor = batch.cursor ?? mark.cursor
            mark.wait = index == pickup.batches.count - 1 ? wait ?? PollerTable.lease : PollerTable.lease
            let reading = try await self.read(batch, of: channel)
            var item = reading.item ?? IngestItem(batch.request, of: channel)
            item.poll = mark
            switch reading.reception {
            case .accepted: break
            case .ignored:
                guard reading.item == nil else { break }
                guard try await self.move(mark) else { return false }
                continue
            case let unread where batch.isOneThing: (item.outcome, item.detail) = (.quarantined, unread.reason)
            case .quarantined:
                item.poll = nil
                _ = try await self.ingest.store(item)
                throw PickupFailure(reason: "quarantined", after: nil)
            case .tooLarge: throw PickupFailure(reason: "too_many_events", after: nil)
            case .refused, .notFound, .methodNotAllowed, .answered: throw PickupFailure(reason: "not_taken", after: nil)
            }
            if try await self.ingest.store(item).isStale { return false }
        }
        guard pickup.batches.isEmpty else { return true }
        mark.wait = wait ?? PollerTable.lease
        return try await self.move(mark)
    }

    /// False when another process has the channel by now.
    private func move(_ mark: PollMark) async throws -> Bool {
        try await !self.channels.pool.query(in: .all, PollMark.update([mark])).isEmpty
    }

    private func read(_ batch: Pickup.Batch, of channel: ChannelRecord) async throws -> Ingest.Reading {
        if let why = batch.unfetched { return Ingest.Reading(reception: .quarantined(reason: why, HookAnswer())) }
        return try await self.ingest.read(batch.request, for: channel) ?? Ingest.Reading(reception: .notFound)
    }

    /// The cursor stays where the last commit left it.
    private func fail(
        _ claim: PollerTable.Claim,
        _ mark: PollMark,
        _ failure: PickupFailure,
        _ adapter: any Adapter
    ) async throws {
        self.count(adapter, "failed")
        let limits = DeliveryLimits()
        var random = SystemRandomNumberGenerator()
        let wait = RetryAfter.bounded(failure.after, within: limits.retryAfter) ?? limits.wait(failures: claim.failures, using: &random)
        let failed = PollMark(
            workspace: mark.workspace,
            channel: mark.channel,
            claim: mark.claim,
            wait: wait,
            error: String(failure.reason.prefix(200))
        )
        self.logger.notice("a poll failed", metadata: ["channel.id": "\(claim.channel)", "error": "\(failed.error ?? "")"])
        _ = try await self.move(failed)
    }

    private func count(_ adapter: any Adapter, _ outcome: String) {
        let labels = ["adapter": adapter.name.rawValue, "outcome": outcome]
        self.metrics.counter("parley_polls_total", "Requests to providers for what is new, by how they ended.", labels).add()
    }
}

extension Reception {
    /// Why nothing was taken, in fixed words.
    fileprivate var reason: String {
        switch self {
        case .quarantined(let reason, _): reason
        case .refused(let code, _): code
        case .tooLarge: "too_large"
        case .notFound, .methodNotAllowed, .answered, .accepted, .ignored: "not_taken"
        }
    }
}
