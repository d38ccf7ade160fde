import Curl
import Foundation
import Queue
import ServiceLifecycle

/// The workers of the queues: one for each queue that has a handler.
struct WorkParts: Sendable {
    let service: any Service
    let metrics: [(queue: QueueName, metrics: QueueMetrics)]

    /// - Throws: `ConfigurationError`, and `TransferError` when libcurl lacks what we rely on.
    init(_ parts: ProcessParts) throws {
        let client = try HTTPClient(settings: .init(userAgent: "parley/\(Version.current)", egress: try parts.settings.egress))
        // The process's own number in the name lets a person find the process that `workers` and the logs speak of.
        let name = "\(ProcessInfo.processInfo.hostName):\(ProcessInfo.processInfo.processIdentifier)"
        let publicURL = try parts.settings.publicURL
        // The queue stops well before the group's patience ends, so that cutting off and handing lanes back are still part of stopping.
        let pace = QueueWorker.Pace(grace: try parts.settings.grace * 2 / 3)

        let bell = EventBell(pool: parts.pool)
        func worker(
            _ queue: QueueName,
            _ shape: QueueWorker.Shape,
            _ handler: some JobHandler,
            retryPolicy: RetryPolicy = RetryPolicy()
        ) -> QueueWorker {
            QueueWorker(
                queue: queue,
                shape: shape,
                handler: handler,
                pool: parts.pool,
                listener: parts.listener,
                name: name,
                retryPolicy: retryPolicy,
                pace: pace,
                logger: parts.logger,
                onCommit: { bell.ring() }
            )
        }
        let threader = Threader(pool: parts.pool, metrics: parts.metrics)
        let courier = Courier(
            pool: parts.pool,
            adapters: parts.adapters,
            open: { try $0.context(opening: parts.sealer, publicURL: publicURL) },
            client: client,
            metrics: parts.metrics,
            logger: parts.logger,
            links: FileLinks(sealer: parts.sealer, publicURL: publicURL)
        )
        let media = MediaHandler(
            channels: parts.channels,
            adapters: parts.adapters,
            fetcher: MediaFetcher(client: client),
            publicURL: publicURL,
            metrics: parts.metrics,
            logger: parts.logger
        )
        let workers = [
            worker(.inbox, .sets(limit: 500, concurrent: 2), threader),
            worker(.outbox, .keys(concurrent: Courier.concurrency), courier, retryPolicy: Courier.retryPolicy),
            worker(.media, .keys(concurrent: MediaHandler.concurrency), media, retryPolicy: MediaHandler.retryPolicy),
        ]
        let poller = Poller(
            table: PollerTable(pool: parts.pool),
            channels: parts.channels,
            adapters: parts.adapters,
            transport: Pickups(http: HTTPPickup(client: client), mailbox: MailboxPickup(client: MailClient(settings: client.settings))),
            ingest: try Ingest(parts),
            publicURL: publicURL,
            metrics: parts.metrics,
            logger: parts.logger
        )
        self.service = Together(services: workers + [poller])
        self.metrics = workers.map { ($0.queue, $0.metrics) }
    }
}
