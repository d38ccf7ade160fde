import Postgres
import ServiceLifecycle

/// What answers over HTTP: hooks, the API, health and metrics.
struct WebParts: Sendable {
    private let parts: ProcessParts
    let keys: KeyStore
    private let ingest: Ingest
    let feed: EventFeed
    private let health: Health
    private var routes = Routes()

    /// - Parameter work: what works in the same process, so that its counts show.
    init(_ parts: ProcessParts, beside work: WorkParts? = nil) throws {
        self.parts = parts
        self.keys = KeyStore(pool: parts.pool)
        self.feed = EventFeed(pool: parts.pool, listener: parts.listener, logger: parts.logger)
        self.health = try Health(parts, work)
        self.health.mount(on: &self.routes)
        let publicURL = try parts.settings.publicURL
        self.ingest = try Ingest(parts)
        HookEndpoint(channels: parts.channels, ingest: self.ingest, publicURL: publicURL).mount(on: &self.routes)
        API(
            .init(
                pool: parts.pool,
                keys: self.keys,
                channels: parts.channels,
                adapters: parts.adapters,
                ingest: self.ingest,
                egress: try parts.settings.egress,
                publicURL: publicURL,
                feed: self.feed
            )
        ).mount(on: &self.routes)
        Webchat(
            .init(
                pool: parts.pool,
                channels: parts.channels,
                ingest: self.ingest,
                feed: self.feed,
                links: FileLinks(sealer: parts.sealer, publicURL: publicURL),
                publicURL: publicURL,
                metrics: parts.metrics,
                logger: parts.logger
            )
        ).mount(on: &self.routes)
        WidgetFiles(home: try parts.settings.home).mount(on: &self.routes)
    }

    /// More routes, such as the sandbox's.
    mutating func mount(_ add: (inout Routes) -> Void) { add(&self.routes) }

    /// What takes mail; it shares the groups that are committed together.
    func mail(onListening: @escaping @Sendable (ListenAddress) async -> Void) throws -> MailService {
        try MailService(self.parts, keys: self.keys, ingest: self.ingest, onListening: onListening)
    }

    func services(at address: ListenAddress, onListening: @escaping @Sendable (Int) async -> Void) -> [any Service] {
        [
            self.feed,
            CacheInvalidation(listener: self.parts.listener, channels: self.parts.channels, keys: self.keys),
            Upkeep(pool: self.parts.pool, logger: self.parts.logger),
            HTTPService(
                host: address.host,
                port: address.port,
                routes: self.routes,
                drain: .seconds(1),
                metrics: self.parts.metrics,
                logger: self.parts.logger,
                onStopping: { [health] in health.stop() },
                onListening: onListening
            ),
        ]
    }
}

extension Ingest {
    /// - Throws: `ConfigurationError`.
    init(_ parts: ProcessParts) throws {
        self.init(
            adapters: parts.adapters,
            committer: IngestCommitter(pool: parts.pool, metrics: parts.metrics, logger: parts.logger),
            publicURL: try parts.settings.publicURL,
            metrics: parts.metrics,
            logger: parts.logger
        )
    }
}

extension Health {
    convenience init(_ parts: ProcessParts, _ work: WorkParts?) throws {
        self.init(
            pool: parts.pool,
            requiredMigration: try Migration.all(in: parts.settings.home.sql).last?.number ?? 0,
            metrics: parts.metrics,
            queues: QueueGauges(pool: parts.pool, metrics: parts.metrics, workers: work?.metrics ?? [])
        )
    }
}
