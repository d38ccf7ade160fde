import Channels
import Curl
import Foundation
import Parley
import Postgres
import Queue
import TestSupport
import Testing

@testable import ParleyServer

@Suite(.database) struct MediaHandlerTests {
    /// A channel of the WhatsApp test adapter, and the handler.
    struct Desk {
        let pool: Pool
        let workspace: WorkspaceID
        let channel: ChannelRecord
        let handler: MediaHandler

        /// - Parameter handler: of the desk of another channel; nil for one of its own.
        init(_ provider: Peer, handler: MediaHandler? = nil) async throws {
            let pool = TestDatabase.current.pool
            let adapters = try AdapterRegistry.load(from: "\(TestDatabase.migrations)/../Tests/ChannelsTests/Fixtures")
            let channels = ChannelStore(pool: pool, sealer: try Sealer(masterKey: APIFixture.masterKey), adapters: adapters)
            let workspace = try await WorkspaceStore(pool: pool).create(name: "files").id
            self.channel = try await pool.transaction(in: .workspace(workspace.uuid)) { transaction in
                try await channels.create(
                    .make(),
                    in: workspace,
                    adapter: AdapterName(rawValue: "whatsapp")!,
                    name: "files",
                    settings: ["access_token": "t", "api_base": .string("http://127.0.0.1:\(provider.port)")],
                    policy: ChannelPolicy(),
                    on: transaction
                )
            }
            (self.pool, self.workspace) = (pool, workspace)
            self.handler =
                try handler
                ?? MediaHandler(
                    channels: channels,
                    adapters: adapters,
                    fetcher: MediaFetcher(
                        client: try HTTPClient(settings: .init(userAgent: "test", egress: EgressPolicy(allowing: "127.0.0.0/8")))
                    ),
                    publicURL: "https://bridge.example",
                    metrics: Metrics(),
                    logger: TestDatabase.logger
                )
        }

        /// Handles a message with a picture that failed so often before.
        func handle(failures: Int = 0) async throws -> (verdict: Verdict?, statements: [SQL]) {
            let from = Address(space: AddressSpace(rawValue: "whatsapp"), value: "15005550100")
            let media = Media(url: "", contentType: "image/gif", reference: "M1")
            let events: [InboundEvent] = [
                .message(InboundMessage(externalID: "m1", from: from, text: "before")),
                .message(InboundMessage(externalID: "m2", from: from, text: "look", media: [media])),
            ]
            let payload = InboxPayload(channel: self.channel.id, request: nil, receivedAt: .now, events: events)
            let job = Job(
                id: 1,
                lane: 0,
                key: "k",
                workspace: self.workspace.uuid,
                payload: payload.bytes,
                createdAt: .now,
                failures: (0..<failures).map { _ in Failure(at: "", reason: "http_503", worker: nil) }
            )
            let context = JobContext(worker: UUID(), epochs: [:]) { _ throws(PostgresError) in }
            let handled = try await self.handler.handle([job], in: context)
            return (handled.verdicts[1], handled.statements)
        }

        func inbox() async throws -> [InboundMessage] {
            try await self.pool.query(in: .all, "SELECT payload FROM jobs WHERE queue = 'inbox'").flatMap { row in
                try InboxPayload(bytes: try row.value("payload")).events.compactMap {
                    if case .message(let message) = $0 { message } else { nil }
                }
            }
        }
    }

    @Test func `a message goes on with its file in our keeping, in one commit`() async throws {
        let provider = try Peer.provider { request, line in
            let port = request.head.firstMatch(of: /(?i)host: 127.0.0.1:(\d+)/)?.1 ?? ""
            line.answer(body: request.head.hasPrefix("GET /M1 ") ? #"{"url": "http://127.0.0.1:\#(port)/bytes"}"# : "GIF89a")
        }
        defer { provider.close() }
        let desk = try await Desk(provider)
        let (verdict, statements) = try await desk.handle()
        #expect(verdict == .done)
        _ = try await desk.pool.pipeline(in: .all, statements)
        let messages = try await desk.inbox()
        #expect(messages.map(\.externalID) == ["m1", "m2"])
        let media = try #require(messages.last?.media.first)
        #expect(media.contentType == "image/gif" && media.reference == nil && media.unavailable == nil && media.size == 6)
        let kept = try await desk.pool.query(in: .workspace(desk.workspace.uuid), "SELECT id, bytes FROM attachments")
        #expect(try kept.map { AttachmentID(try $0.value("id", as: UUID.self)) } == [media.attachment])
        let id = try #require(media.attachment)
        #expect(media.json["reference"] == nil && media.json["url"]?.string == "/v1/attachments/\(id)")
    }

    @Test func `a file that may come later is waited for, but not for ever`() async throws {
        let provider = try Peer.provider { _, line in line.answer("503 Service Unavailable") }
        defer { provider.close() }
        let desk = try await Desk(provider)
        let first = try await desk.handle()
        #expect(first.verdict == .retry(after: nil, reason: "http_503") && first.statements.isEmpty)
        let last = try await desk.handle(failures: MediaHandler.tries - 1)
        #expect(last.verdict == .done)
        _ = try await desk.pool.pipeline(in: .all, last.statements)
        let media = try #require(try await desk.inbox().last?.media.first)
        #expect(media.unavailable == "http_503" && media.reference == nil && media.attachment == nil)
    }

    @Test(.timeLimit(.minutes(1))) func `a provider that hangs takes its share of the places, and leaves the rest to others (I7)`()
        async throws
    {
        let provider = try Peer { line in
            line.request()
            line.drain()
        }
        let desk = try await Desk(provider)
        let hanging = (0..<MediaHandler.concurrency / 2).map { _ in Task { try await desk.handle().verdict } }
        while provider.requests.count < hanging.count { await Task.yield() }
        guard case .later? = try await desk.handle().verdict else { return #expect(Bool(false), "a channel took more than its share") }
        let healthy = try Peer.provider { _, line in line.answer("404 Not Found") }
        defer { healthy.close() }
        let other = try await Desk(healthy, handler: desk.handler)
        #expect(try await other.handle().verdict == .done)
        for task in hanging { task.cancel() }
        provider.close()
    }

    @Test func `a file that is gone is said to be, at once`() async throws {
        let provider = try Peer.provider { _, line in line.answer("404 Not Found") }
        defer { provider.close() }
        let desk = try await Desk(provider)
        let (verdict, statements) = try await desk.handle()
        #expect(verdict == .done)
        _ = try await desk.pool.pipeline(in: .all, statements)
        #expect(try await desk.inbox().last?.media.first?.unavailable == "not_found")
    }
}
