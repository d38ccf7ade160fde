package import Channels
package import Logging
package import Parley

/// The one way in, whoever brought the request: its channel's adapter reads it, what it says is stored, and only then is it acknowledged.
package struct Ingest: Sendable {
    /// What came of reading one request.
    package struct Reading: Sendable {
        package var reception: Reception
        /// What is to be stored; nil when nothing is.
        package var item: IngestItem?
    }

    private let adapters: AdapterRegistry
    private let committer: IngestCommitter
    private let publicURL: String
    private let metrics: Metrics
    private let logger: Logger

    package init(adapters: AdapterRegistry, committer: IngestCommitter, publicURL: String, metrics: Metrics, logger: Logger) {
        self.adapters = adapters
        self.committer = committer
        self.publicURL = publicURL
        self.metrics = metrics
        self.logger = logger
    }

    /// - Parameter verification: how strictly, where it is not for the channel to say.
    /// - Returns: nil when the channel's adapter is not there.
    /// - Throws: `AdapterError`. Whether the provider sent this is not known then, so it is neither kept nor to be acknowledged.
    package func read(
        _ request: HookRequest,
        for channel: ChannelRecord,
        verification: VerificationMode? = nil
    ) async throws(AdapterError) -> Reading? {
        guard let adapter = self.adapters[channel.adapter] else { return nil }
        var context = channel.context(publicURL: self.publicURL)
        context.verification = verification ?? context.verification
        let received: Received
        do { received = try await adapter.receive(request, for: context) } catch {
            self.count(channel.adapter, "failed")
            self.logger.error(
                "adapter failed on a request",
                metadata: [
                    "channel.id": "\(channel.id)", "adapter": "\(channel.adapter)", "error.code": "\(error.code.rawValue)",
                    "error.detail": "\(error.detail)",
                ]
            )
            throw error
        }
        if let code = received.wouldRefuse {
            self.metrics.counter(
                "parley_ingest_would_refuse_total",
                "Requests that shadow mode let in although they do not verify, by adapter and the code they would be refused with.",
                ["adapter": channel.adapter.rawValue, "code": code]
            ).add()
        }
        let item = IngestItem(received, of: request, for: channel, through: adapter)
        // What is stored is counted then: only then is it known whether it is new.
        if item == nil { self.count(channel.adapter, received.reception.outcome) }
        return Reading(reception: received.reception, item: item)
    }

    /// Returns when all are durable; when it throws, none is.
    package func store(_ items: [IngestItem]) async throws -> [IngestCommitter.Stored] {
        let stored = try await self.committer.store(items)
        for (item, stored) in zip(items, stored) where !stored.isStale && !item.isReplay {
            self.count(item.adapter, stored.isDuplicate ? "duplicate" : item.counted)
            guard item.outcome == .quarantined, !stored.isDuplicate else { continue }
            self.logger.warning("request quarantined", metadata: ["channel.id": "\(item.channel)", "adapter": "\(item.adapter)"])
        }
        return stored
    }

    package func store(_ item: IngestItem) async throws -> IngestCommitter.Stored { try await self.store([item])[0] }

    private func count(_ adapter: AdapterName, _ outcome: String) {
        self.metrics.counter(
            "parley_ingest_requests_total",
            "Requests that came in, by adapter and what became of them.",
            ["adapter": adapter.rawValue, "outcome": outcome]
        ).add()
    }
}

extension IngestItem {
    /// As `Reception.outcome`.
    fileprivate var counted: String { self.outcome == .ignored ? self.detail ?? "ignored" : self.outcome.rawValue }
}

extension Reception {
    /// The metric's label: a closed set, whatever a caller sends.
    fileprivate var outcome: String {
        switch self {
        case .accepted: "accepted"
        case .ignored(let reason, _): reason.rawValue
        case .quarantined: "quarantined"
        case .answered: "answered"
        case .refused, .notFound, .methodNotAllowed: "refused"
        case .tooLarge: "too_large"
        }
    }
}
