import Channels
import Curl
import Foundation
import Parley
import Postgres
import Queue
import ServiceLifecycle
import TestSupport
import Testing

@testable import ParleyServer

/// A webchat channel on a listening server, with workers behind it, on this test's own database.
struct WebchatFixture: Sendable {
    static let origin = "https://shop.example"
    static let secret = "site-secret-0001"

    var pool: Pool
    var feed: EventFeed
    var channels: ChannelStore
    var workspace: WorkspaceID
    var channel: ChannelRecord
    var agent: TestClient
    var port: Int

    var base: String { "/webchat/\(self.channel.id)" }

    static func run(_ body: @escaping @Sendable (WebchatFixture) async throws -> Void) async throws {
        let pool = TestDatabase.current.pool
        let (publicURL, logger, metrics) = ("https://bridge.example", TestDatabase.logger, Metrics())
        let listener = Listener(settings: TestDatabase.current.settings, logger: logger)
        let feed = EventFeed(pool: pool, listener: listener, poll: .milliseconds(50), logger: logger)
        let sealer = try Sealer(masterKey: APIFixture.masterKey)
        let adapters = AdapterRegistry([WebchatAdapter(), LineAdapter()])
        let (channels, keys) = (ChannelStore(pool: pool, sealer: sealer, adapters: adapters), KeyStore(pool: pool))
        let ingest = Ingest(
            adapters: adapters,
            committer: IngestCommitter(pool: pool, metrics: metrics, logger: logger),
            publicURL: publicURL,
            metrics: metrics,
            logger: logger
        )
        var routes = Routes()
        API(
            .init(
                pool: pool,
                keys: keys,
                channels: channels,
                adapters: adapters,
                ingest: ingest,
                egress: EgressPolicy(),
                publicURL: publicURL,
                feed: feed
            )
        ).mount(on: &routes)
        Webchat(
            .init(
                pool: pool,
                channels: channels,
                ingest: ingest,
                feed: feed,
                links: FileLinks(sealer: channels.sealer, publicURL: publicURL),
                publicURL: publicURL,
                metrics: metrics,
                logger: logger
            )
        ).mount(on: &routes)
        let workspace = try await WorkspaceStore(pool: pool).create(name: "shop").id
        let key = try await pool.transaction(in: .workspace(workspace.uuid)) {
            try await keys.create(in: workspace, name: "agent", scopes: Set(Scope.allCases), on: $0).secret
        }
        let channel = try await self.open(in: workspace, channels, pool)
        let client = try HTTPClient(settings: .init(userAgent: "test", egress: EgressPolicy()))
        let pace = QueueWorker.Pace(poll: .milliseconds(20), grace: .seconds(1))
        let threader = QueueWorker(
            queue: .inbox,
            shape: .sets(limit: 100, concurrent: 1),
            handler: Threader(pool: pool, metrics: metrics),
            pool: pool,
            name: "test",
            pace: pace,
            logger: logger
        )
        let courier = QueueWorker(
            queue: .outbox,
            shape: .keys(concurrent: 4),
            handler: Courier(
                pool: pool,
                adapters: adapters,
                open: { try $0.context(opening: sealer, publicURL: publicURL) },
                client: client,
                logger: logger
            ),
            pool: pool,
            name: "test",
            retryPolicy: Courier.retryPolicy,
            pace: pace,
            logger: logger
        )
        // The session listens before anything is told.
        for await _ in listener.notifications(on: EventFeed.passing) { break }
        let working = [Task { await feed.run() }, Task { await threader.run() }, Task { await courier.run() }]
        try await withServer(routes: routes) { port in
            try await body(
                WebchatFixture(
                    pool: pool,
                    feed: feed,
                    channels: channels,
                    workspace: workspace,
                    channel: channel,
                    agent: TestClient(port: port, key: key),
                    port: port
                )
            )
        }
        for task in working { task.cancel() }
        for task in working { await task.value }
        listener.close()
    }

    static func open(in workspace: WorkspaceID, _ channels: ChannelStore, _ pool: Pool) async throws -> ChannelRecord {
        try await pool.transaction(in: .workspace(workspace.uuid)) { transaction in
            try await channels.create(
                .make(),
                in: workspace,
                adapter: AdapterName(rawValue: "webchat")!,
                name: "Shop",
                settings: ["allowed_origins": [.string(Self.origin)], "identity_secret": .string(Self.secret)],
                policy: ChannelPolicy(),
                on: transaction
            )
        }
    }

    // MARK: - A browser

    struct Browser: Sendable {
        var client: TestClient
        var base: String
        var token: String
        var id: String
        var headers: [String: String] { ["Authorization": "Bearer \(self.token)", "Origin": WebchatFixture.origin] }

        func send(_ method: String, _ path: String, _ body: JSON? = nil) async throws -> TestAnswer {
            try await self.client.send(method, self.base + path, body, headers: self.headers)
        }
        @discardableResult
        func say(_ text: String, as clientID: String = UUID().uuidString) async throws -> TestAnswer {
            try await self.send("POST", "/messages", ["clientId": .string(clientID), "text": .string(text)])
        }
        func texts() async throws -> [String] {
            try await self.send("GET", "/messages").data.map { $0["body"]?["text"]?["text"]?.string ?? "" }
        }
        /// Looks until the newest messages say `texts`.
        func sees(_ texts: [String]) async throws { try await eventually { try await self.texts() == texts } }
    }

    static func proof(_ userID: String, secret: String = Self.secret) -> JSON {
        ["userId": .string(userID), "hash": .string(Hex.encode(Crypto.hmac(.sha256, key: secret.utf8, userID.utf8)))]
    }

    func session(_ body: JSON = [:], at base: String? = nil) async throws -> TestAnswer {
        try await TestClient(port: self.port).send("POST", (base ?? self.base) + "/session", body, headers: ["Origin": Self.origin])
    }

    func browser(_ body: JSON = [:], at base: String? = nil) async throws -> Browser {
        let answer = try await self.session(body, at: base)
        return Browser(
            client: TestClient(port: self.port),
            base: base ?? self.base,
            token: answer.json["token"]?.string ?? "",
            id: answer.json["visitor"]?["id"]?.string ?? ""
        )
    }

    /// What a stream says from `cursor` on, until it holds `text`.
    func stream(_ browser: Browser, after cursor: String?, until text: String) async throws -> String {
        let connection = try self.listen(browser, after: cursor)
        defer { connection.close() }
        return await connection.read { $0.contains(text) }.text
    }

    /// A stream that was asked for, from `cursor` or from now on.
    func listen(_ browser: Browser, after cursor: String? = nil) throws -> RawConnection {
        let connection = try RawConnection(port: self.port)
        let last = cursor.map { "Last-Event-ID: \($0)\r\n" } ?? ""
        connection.send(
            "GET \(browser.base)/events HTTP/1.1\r\nHost: a\r\nOrigin: \(Self.origin)\r\nAuthorization: Bearer \(browser.token)\r\n\(last)\r\n"
        )
        return connection
    }

    /// The agents' side of the newest message that says `text`.
    func received(_ text: String) async throws -> JSON {
        var found: JSON?
        try await eventually {
            let all = try await self.agent.send("GET", "/v1/messages?direction=inbound").data
            found = all.first { $0["body"]?["text"]?["text"]?.string == text }
            return found != nil
        }
        return try #require(found)
    }

    func reply(_ text: String, in conversation: String) async throws -> TestAnswer {
        let body: JSON = ["body": ["type": "text", "text": ["text": .string(text)]]]
        return try await self.agent.send("POST", "/v1/conversations/\(conversation)/messages", body)
    }
}
