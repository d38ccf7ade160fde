import Channels
import Curl
import Logging
import Parley
import Postgres
import TestSupport
import Testing

@testable import ParleyServer

/// A workspace with a key and a channel behind a listening server, on this test's own database.
struct APIFixture: Sendable {
    static let masterKey = "a:MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY="
    static let token = "canary-token-7f3a"

    var pool: Pool
    var front: TestFront
    var workspace: WorkspaceID
    var key: String
    var channel: ChannelRecord
    var client: TestClient
    var anonymous: TestClient { TestClient(port: self.client.port) }

    /// The path of the channel's hook on our own server.
    var hook: String { "/hooks/\(self.channel.id)" }

    static func run(metrics: Metrics = Metrics(), _ body: @escaping @Sendable (APIFixture) async throws -> Void) async throws {
        let pool = TestDatabase.current.pool
        let front = try TestFront(pool, metrics: metrics)
        let (workspace, key, channel) = try await self.inhabit(pool, front, name: "first", from: "+15005550001")
        try await withServer(routes: front.routes, metrics: metrics) { port in
            try await body(
                APIFixture(
                    pool: pool,
                    front: front,
                    workspace: workspace,
                    key: key,
                    channel: channel,
                    client: TestClient(port: port, key: key)
                )
            )
        }
    }

    /// Another workspace on the same server.
    func neighbour() async throws -> (workspace: WorkspaceID, client: TestClient, channel: ChannelRecord) {
        let (workspace, key, channel) = try await Self.inhabit(self.pool, self.front, name: "second", from: "+15005550002")
        return (workspace, TestClient(port: self.client.port, key: key), channel)
    }

    private static func inhabit(
        _ pool: Pool,
        _ front: TestFront,
        name: String,
        from: String
    ) async throws -> (WorkspaceID, String, ChannelRecord) {
        let workspace = try await WorkspaceStore(pool: pool).create(name: name).id
        return try await pool.transaction(in: .workspace(workspace.uuid)) { transaction in
            let key = try await front.keys.create(in: workspace, name: name, scopes: Set(Scope.allCases), on: transaction).secret
            let channel = try await front.channels.create(
                .make(),
                in: workspace,
                adapter: AdapterName(rawValue: "plain")!,
                name: name,
                settings: ["token": .string(Self.token), "from": .string(from), "api_base": "https://plain.example"],
                policy: ChannelPolicy(),
                on: transaction
            )
            return (workspace, key, channel)
        }
    }

    @discardableResult
    func deliver(_ lines: String, token: String = APIFixture.token, route: String? = nil) async throws -> TestAnswer {
        try await self.anonymous.send(
            "POST",
            self.hook + (route.map { "/\($0)" } ?? ""),
            bytes: Array(lines.utf8),
            headers: ["X-Token": token]
        )
    }

    func count(_ table: String) async throws -> Int {
        try await self.pool.query(in: .all, SQL(trusted: "SELECT count(*) AS count FROM \(table)"))[0].value("count")
    }
}

/// The HTTP side of one process, put together as `serve` does it.
struct TestFront: Sendable {
    var channels: ChannelStore
    var keys: KeyStore
    var health: Health
    var routes = Routes()

    init(_ pool: Pool, masterKey: String = APIFixture.masterKey, metrics: Metrics = Metrics()) throws {
        let adapters = AdapterRegistry([LineAdapter()])
        let publicURL = "https://bridge.example"
        let ingest = Ingest(
            adapters: adapters,
            committer: IngestCommitter(pool: pool, metrics: metrics, logger: TestDatabase.logger),
            publicURL: publicURL,
            metrics: metrics,
            logger: TestDatabase.logger
        )
        self.channels = ChannelStore(pool: pool, sealer: try Sealer(masterKey: masterKey), adapters: adapters)
        self.keys = KeyStore(pool: pool)
        self.health = Health(
            pool: pool,
            requiredMigration: 1,
            metrics: metrics,
            queues: QueueGauges(pool: pool, metrics: metrics, workers: [])
        )
        self.health.mount(on: &self.routes)
        HookEndpoint(channels: self.channels, ingest: ingest, publicURL: publicURL).mount(on: &self.routes)
        API(
            .init(
                pool: pool,
                keys: self.keys,
                channels: self.channels,
                adapters: adapters,
                ingest: ingest,
                egress: EgressPolicy(),
                publicURL: publicURL
            )
        ).mount(on: &self.routes)
    }
}
