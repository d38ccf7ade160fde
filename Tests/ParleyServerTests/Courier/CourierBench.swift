import Channels
import Curl
import Foundation
import Logging
import Parley
import ParleyServer
import Postgres
import Queue
import TestSupport
import Testing

/// A workspace with one channel, couriers, and a provider that does as it is told; the queue's part is played step by step, so that no
/// test waits for a clock.
final class CourierBench: Sendable {
    let pool: Pool
    let workspace = WorkspaceID.make()
    let channel = ChannelID.make()
    let adapter: PlainAdapter
    let worker = UUID()
    let courier: Courier
    private let client: HTTPClient

    init(
        _ provider: Peer,
        speakingMail isMail: Bool = false,
        policy: String = "{}",
        limits: SendLimits = SendLimits(perSecond: 0, perRecipientSeconds: 0),
        uploads: Int = 0
    ) async throws {
        let database = try #require(TestDatabase.current)
        self.pool = database.pool
        self.client = try HTTPClient(settings: .init(userAgent: "test", egress: EgressPolicy(allowing: "127.0.0.0/8")))
        self.adapter = PlainAdapter(limits: limits, url: isMail ? "smtp://127.0.0.1:\(provider.port)" : provider.url, uploads: uploads)
        self.courier = Self.courier(self.pool, self.adapter, self.client)
        _ = try await self.pool.pipeline(
            in: .all,
            [
                "INSERT INTO workspaces (id, name) VALUES (\(self.workspace.uuid), 'test')",
                """
                INSERT INTO channels (workspace_id, id, adapter, name, settings, policy)
                VALUES (\(self.workspace.uuid), \(self.channel.uuid), 'plain', 'test', ''::bytea, \(JSONText(policy)))
                """,
            ]
        )
        try await self.takeLanes(as: self.worker)
    }

    private static func courier(
        _ pool: Pool,
        _ adapter: PlainAdapter,
        _ client: HTTPClient,
        concurrency: Int = Courier.concurrency,
        fileMemory: Int = Courier.fileMemory
    ) -> Courier {
        Courier(
            pool: pool,
            adapters: AdapterRegistry([adapter]),
            open: { ChannelContext(id: $0.id, workspace: $0.workspace, settings: [:], verification: .off, hookURL: "http://127.0.0.1/") },
            client: client,
            concurrency: concurrency,
            fileMemory: fileMemory,
            logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
        )
    }

    /// Another process with the same adapter.
    func anotherCourier() -> Courier { Self.courier(self.pool, self.adapter, self.client) }

    /// One that has little room.
    func narrowCourier(concurrency: Int = Courier.concurrency, fileMemory: Int = Courier.fileMemory) -> Courier {
        var adapter = self.adapter
        adapter.fileBytes = 1_000
        return Self.courier(self.pool, adapter, self.client, concurrency: concurrency, fileMemory: fileMemory)
    }

    // MARK: What a client does

    @discardableResult func post(
        _ text: String,
        _ media: [Media] = [],
        to number: String = "+447700900123"
    ) async throws -> OutboundStore.Posted {
        let address = Address(space: AddressSpace(rawValue: "sms"), value: number)
        return try await self.act {
            try await OutboundStore.start(
                .init(Body(text: text, media: media), by: nil),
                to: address,
                over: self.channel,
                of: self.workspace,
                on: $0
            )
        }
    }

    func act<T: Sendable>(_ body: @escaping @Sendable (Transaction) async throws -> T) async throws -> T {
        try await self.pool.transaction(in: .workspace(self.workspace.uuid), body)
    }

    func receive(_ receipts: [Receipt], over channel: ChannelID? = nil) async throws {
        let reports = receipts.map {
            DeliveryReceipts.Report(workspace: self.workspace.uuid, channel: (channel ?? self.channel).uuid, receipt: $0)
        }
        _ = try await self.pool.pipeline(in: .all, DeliveryReceipts.statements(for: reports))
    }

    /// How many sessions of the test's database wait for a lock.
    func waitingSessions() async throws -> Int {
        try await self.pool.query(
            in: .all,
            """
            SELECT count(*) AS count FROM pg_stat_activity s
            WHERE s.datname = current_database() AND EXISTS (SELECT FROM pg_locks l WHERE l.pid = s.pid AND NOT l.granted)
            """
        )[0].value("count", as: Int.self)
    }

    // MARK: What the queue does

    /// Another owner of all lanes: whoever held them can change nothing any more.
    func takeLanes(as worker: UUID) async throws {
        _ = try await self.pool.query(
            in: .all,
            "UPDATE lanes SET owner = \(worker), epoch = epoch + 1, expires_at = now() + interval '1 hour' WHERE queue = 'outbox'"
        )
    }

    func jobs() async throws -> [Job] {
        try await self.pool.query(
            in: .all,
            """
            SELECT DISTINCT ON (key) id, lane, key, workspace_id, payload, created_at, failures FROM jobs
            WHERE queue = 'outbox' AND NOT held AND workspace_id = \(self.workspace.uuid) ORDER BY key, id
            """
        ).map { row in
            let failures = try JSONDecoder().decode([Failure].self, from: Data(row.value("failures", as: JSONText.self).text.utf8))
            return Job(
                id: try row.value("id"),
                lane: try row.value("lane"),
                key: try row.value("key"),
                workspace: try row.value("workspace_id"),
                payload: try row.value("payload"),
                createdAt: try row.value("created_at"),
                failures: failures
            )
        }
    }

    /// Handles the first job of each key once, side by side, and writes what comes of it.
    @discardableResult func step(
        _ courier: Courier? = nil,
        as worker: UUID? = nil,
        stopping: Bool = false,
        loseOutcome: Bool = false
    ) async throws -> [Verdict] {
        let courier = courier ?? self.courier
        let context = try await self.context(as: worker ?? self.worker, stopping: stopping)
        let jobs = try await self.jobs()
        return try await withThrowingTaskGroup(of: Verdict.self) { group in
            for job in jobs {
                group.addTask {
                    let handled = try await courier.handle([job], in: context)
                    let verdict = try #require(handled.verdicts[job.id])
                    if !loseOutcome { try await context.commit(handled.statements + Self.completion(of: job, verdict)) }
                    return verdict
                }
            }
            return try await group.reduce(into: []) { $0.append($1) }
        }
    }

    func context(as worker: UUID, stopping: Bool = false) async throws -> JobContext {
        let rows = try await self.pool.query(in: .all, "SELECT lane, epoch FROM lanes WHERE queue = 'outbox'")
        let epochs = Dictionary(
            uniqueKeysWithValues: try rows.map { (try $0.value("lane", as: Int16.self), try $0.value("epoch", as: Int64.self)) }
        )
        let lanes = Array(epochs.keys)
        let pool = self.pool
        return JobContext(worker: worker, epochs: epochs, isStopping: { stopping }) { statements throws(PostgresError) in
            let fence: SQL = "SELECT fence('outbox', \(lanes), \(lanes.map { epochs[$0]! }), \(worker))"
            _ = try await pool.pipeline(in: .all, [fence] + statements)
        }
    }

    private static func completion(of job: Job, _ verdict: Verdict) -> [SQL] {
        switch verdict {
        case .done, .dead: ["DELETE FROM jobs WHERE lane = \(job.lane) AND queue = 'outbox' AND id = \(job.id)"]
        case .hold: ["UPDATE jobs SET held = true, waiting = true WHERE lane = \(job.lane) AND queue = 'outbox' AND id = \(job.id)"]
        case .later: []
        case .retry(_, let reason):
            [
                """
                UPDATE jobs SET failures = failures || jsonb_build_array(jsonb_build_object('at', '', 'reason', \(reason)))
                WHERE lane = \(job.lane) AND queue = 'outbox' AND id = \(job.id)
                """
            ]
        }
    }

    // MARK: What can be seen

    struct Seen: Hashable {
        var state: String
        var reason: String?
        var detail: String?
        var possibleDuplicate: Bool
        var attempts: [String]
        var parts: [String]
    }

    func see(_ posted: OutboundStore.Posted) async throws -> Seen {
        let id = posted.delivery.uuid
        let rows = try await self.pool.pipeline(
            in: .all,
            [
                "SELECT state, reason, detail, possible_duplicate FROM deliveries WHERE id = \(id)",
                "SELECT coalesce(outcome, 'open') AS outcome FROM attempts WHERE delivery_id = \(id) ORDER BY number",
                "SELECT state FROM delivery_parts WHERE delivery_id = \(id) ORDER BY part",
            ]
        )
        return Seen(
            state: try rows[0][0].value("state"),
            reason: try rows[0][0].optional("reason"),
            detail: try rows[0][0].optional("detail"),
            possibleDuplicate: try rows[0][0].value("possible_duplicate"),
            attempts: try rows[1].map { try $0.value("outcome") },
            parts: try rows[2].map { try $0.value("state") }
        )
    }

    func events(of type: String) async throws -> Int {
        try await self.pool.query(
            in: .all,
            "SELECT count(*) AS n FROM events WHERE workspace_id = \(self.workspace.uuid) AND type = \(type)"
        )[0]
        .value("n")
    }

    func expectInvariants() async throws {
        // Younger than the grace that `stranded` gives a live system.
        _ = try await self.pool.query(in: .all, "UPDATE deliveries SET created_at = created_at - interval '2 minutes'")
        #expect(try await self.violations() == ["I3": 0, "I4": 0, "I6": 0])
    }

    func violations() async throws -> [String: Int] {
        var found: [String: Int] = [:]
        for invariant in DeliveryInvariants.all {
            found[invariant.name] = try await self.pool.query(in: .all, invariant.query)[0].value("violations", as: Int.self)
        }
        return found
    }
}

extension Peer {
    /// A provider that answers each request as told, and keeps its connections.
    static func provider(_ answer: @escaping @Sendable (Peer.Request, Line) -> Void) throws -> Peer {
        try Peer { line in while let request = line.request() { answer(request, line) } }
    }

    /// Takes everything, and names each message by what it said.
    static func friendly() throws -> Peer { try .provider { request, line in line.accept(request) } }

    var texts: [String] { self.requests.compactMap(\.text) }
}

extension Peer.Request {
    var json: JSON { (try? JSON(parsing: self.body)) ?? .null }
    var text: String? { self.json["text"]?.string }
    /// Unlike any other message's, the same for the same part.
    var externalID: String { "ID-\(self.json["delivery"]?.string ?? "")-\(self.text ?? "")" }
}

extension Line {
    func accept(_ request: Peer.Request) {
        self.answer("201 Created", headers: ["Content-Type: application/json"], body: (["id": .string(request.externalID)] as JSON).text)
    }
}
