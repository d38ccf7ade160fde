import Channels
import Curl
import Foundation
import Parley
import Postgres
import Synchronization
import TestSupport
import Testing

@testable import ParleyServer

/// A channel that is asked, and a provider that answers as it is told; each step of the poller is taken by hand.
struct PollBench {
    let pool: Pool
    let channels: ChannelStore
    let workspace: WorkspaceID
    let channel: ChannelRecord
    let poller: Poller
    let provider: ScriptedProvider

    init(_ answers: [ScriptedProvider.Answer]) async throws {
        self.pool = TestDatabase.current.pool
        self.channels = ChannelStore(pool: self.pool, sealer: try Sealer(masterKey: APIFixture.masterKey), adapters: AdapterRegistry([]))
        self.workspace = try await WorkspaceStore(pool: self.pool).create(name: "polled").id
        self.provider = ScriptedProvider(answers)
        let adapters = AdapterRegistry([AskedAdapter(), LineAdapter()])
        self.channel = try await self.pool.transaction(in: .workspace(self.workspace.uuid)) { [channels, workspace] transaction in
            try await channels.create(
                .make(),
                in: workspace,
                adapter: AskedAdapter.asked,
                name: "asked",
                settings: ["asked": true],
                policy: ChannelPolicy(),
                on: transaction
            )
        }
        self.poller = Poller(
            table: PollerTable(pool: self.pool),
            channels: self.channels,
            adapters: adapters,
            transport: self.provider,
            ingest: Ingest(
                adapters: adapters,
                committer: IngestCommitter(pool: self.pool, metrics: Metrics(), logger: TestDatabase.logger),
                publicURL: "https://bridge.example",
                metrics: Metrics(),
                logger: TestDatabase.logger
            ),
            publicURL: "https://bridge.example",
            metrics: Metrics(),
            logger: TestDatabase.logger
        )
    }

    func claims() async -> [PollerTable.Claim] { await self.poller.claims(of: [AskedAdapter.asked], upTo: 10) }
    /// Claims what is due and asks it.
    func round() async { for claim in await self.claims() { await self.poller.poll(claim) } }
    func makeDue() async throws {
        _ = try await self.pool.query(in: .all, "UPDATE pollers SET due_at = now()")
    }

    struct Seen: Hashable {
        var cursor: String?
        var failures: Int
        var error: String?
        var jobs: Int
        var requests: Int
    }
    func see() async throws -> Seen {
        let row = try await self.pool.query(
            in: .all,
            """
            SELECT cursor::text AS cursor, failures, error, (SELECT count(*) FROM jobs WHERE queue = 'inbox') AS jobs,
                (SELECT count(*) FROM inbound_requests) AS requests FROM pollers
            """
        )[0]
        return Seen(
            cursor: try row.optional("cursor"),
            failures: try row.value("failures"),
            error: try row.optional("error"),
            jobs: try row.value("jobs"),
            requests: try row.value("requests")
        )
    }
    var status: PollStatus? {
        get async throws {
            try await self.pool.transaction(in: .workspace(self.workspace.uuid)) { [channels, channel, workspace] transaction in
                try await channels.find(channel.id, in: workspace, on: transaction)?.polling
            }
        }
    }
}

/// Gives its answers one after another, and nothing when they are used up.
final class ScriptedProvider: PickupTransport {
    enum Answer: Sendable {
        /// Lines as `LineAdapter` reads them.
        case lines(String, cursor: JSON?, isMore: Bool = false)
        case failure(PickupFailure)
        /// The process is told to stop meanwhile.
        case cancelled
    }
    private let state: Mutex<(answers: [Answer], cursors: [JSON?])>
    init(_ answers: [Answer]) { self.state = Mutex((answers, [])) }

    /// After which cursor it was asked, each time.
    var cursors: [JSON?] { self.state.withLock { $0.cursors } }

    func pickUp(_ poll: Poll, after cursor: JSON?, through adapter: any Adapter, for channel: ChannelContext) async throws -> Pickup {
        let answer = self.state.withLock { state -> Answer? in
            state.cursors.append(cursor)
            return state.answers.isEmpty ? nil : state.answers.removeFirst()
        }
        switch answer {
        case .lines(let lines, let cursor, let isMore):
            let answer = ProviderAnswer(status: 200, headers: ["x-token": APIFixture.token], body: Array(lines.utf8))
            return Pickup(batches: [.init(request: HookRequest(polled: answer), cursor: cursor)], isMore: isMore)
        case .failure(let failure): throw failure
        case .cancelled: throw CancellationError()
        case nil: return Pickup(batches: [], isMore: false)
        }
    }
}

/// `LineAdapter` for a provider that calls nobody; asked only while its setting says so.
struct AskedAdapter: Adapter {
    static let asked = AdapterName(rawValue: "asked")!

    let lines = LineAdapter()
    let name = Self.asked
    var kind: String { self.lines.kind }
    var summary: String { self.lines.summary }
    let settings = SettingsSchema(properties: ["asked": .init(kind: .boolean)])
    var capabilities: Capabilities { self.lines.capabilities }
    var limits: SendLimits { self.lines.limits }
    let isPolled = true

    func poll(after cursor: JSON?, for channel: ChannelContext) async throws(AdapterError) -> Poll? {
        guard channel.settings["asked"] == true else { return nil }
        return Poll(request: .http(HTTPCall(method: "GET", url: "https://x.example", headers: [:], body: [])), interval: .seconds(60))
    }
    func receive(_ request: HookRequest, for channel: ChannelContext) async throws(AdapterError) -> Received {
        var channel = channel
        channel.settings["token"] = .string(APIFixture.token)
        return try await self.lines.receive(request, for: channel)
    }
    func render(_ message: OutboundMessage, for channel: ChannelContext) async throws(AdapterError) -> Rendering {
        try await self.lines.render(message, for: channel)
    }
    func judge(_ answer: ProviderAnswer, for channel: ChannelContext) async throws(AdapterError) -> SendOutcome {
        try await self.lines.judge(answer, for: channel)
    }
    func address(_ text: String, for channel: ChannelContext) async -> Address? { await self.lines.address(text, for: channel) }
}
