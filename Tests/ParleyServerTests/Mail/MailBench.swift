import Channels
import Parley
import Postgres
import SMTP
import TestSupport
import Testing

@testable import ParleyServer

/// Two workspaces with mail channels, and what takes mail for them.
struct MailBench: Sendable {
    let pool: Pool
    let channels: ChannelStore
    let keys: KeyStore
    let ingest: MailIngest
    let metrics = Metrics()
    private(set) var workspaces: [WorkspaceID] = []

    init(workspaces count: Int = 1) async throws {
        let adapters = AdapterRegistry([NoteAdapter()])
        self.pool = TestDatabase.current.pool
        self.channels = ChannelStore(pool: self.pool, sealer: try Sealer(masterKey: APIFixture.masterKey), adapters: adapters)
        self.keys = KeyStore(pool: self.pool)
        self.ingest = MailIngest(
            mailboxes: MailboxStore(pool: self.pool),
            channels: self.channels,
            keys: self.keys,
            ingest: Ingest(
                adapters: adapters,
                committer: IngestCommitter(pool: self.pool, metrics: self.metrics, logger: TestDatabase.logger),
                publicURL: "https://bridge.example",
                metrics: self.metrics,
                logger: TestDatabase.logger
            ),
            metrics: self.metrics,
            logger: TestDatabase.logger
        )
        for index in 0..<count { self.workspaces.append(try await WorkspaceStore(pool: self.pool).create(name: "w\(index)").id) }
    }

    @discardableResult
    func add(_ address: String, catchAll: String? = nil, in workspace: Int = 0) async throws -> ChannelRecord {
        let (store, id) = (self.channels, self.workspaces[workspace])
        var settings: [String: JSON] = ["address": .string(address)]
        settings["catch_all"] = catchAll.map(JSON.string)
        return try await self.pool.transaction(in: .workspace(id.uuid)) { [settings] transaction in
            try await store.create(
                .make(),
                in: id,
                adapter: AdapterName(rawValue: "note")!,
                name: address,
                settings: settings,
                policy: ChannelPolicy(),
                on: transaction
            )
        }
    }

    func change(_ channel: ChannelRecord, _ edit: (inout ChannelRecord) -> Void) async throws {
        var changed = channel
        edit(&changed)
        let store = self.channels
        _ = try await self.pool.transaction(in: .workspace(channel.workspace.uuid)) { [changed] in try await store.update(changed, on: $0) }
        self.channels.forget(nil)
    }

    /// `250 ID` with the channel it goes to, or the refusal's code and status.
    func ask(_ recipient: String, user: String? = nil) async -> String {
        let client = SMTPPeer(address: "192.0.2.1", helo: "c", user: user)
        switch await self.ingest.accept(recipient: recipient, from: "a@sender.test", client: client) {
        case .accepted(let mailbox): return mailbox
        case .refused(let reply): return "\(reply.code) \(reply.status ?? "")"
        }
    }

    func send(_ body: String, to recipients: [String], traceLength: Int = 0) async -> String {
        var accepted: [MailRecipient] = []
        for recipient in recipients { accepted.append(MailRecipient(address: recipient, mailbox: await self.ask(recipient))) }
        let envelope = MailEnvelope(
            sender: "a@sender.test",
            recipients: accepted,
            client: SMTPPeer(address: "192.0.2.1", helo: "c"),
            traceLength: traceLength
        )
        switch await self.ingest.deliver(envelope, Array(body.utf8)) {
        case .accepted: return "250"
        case .refused(let reply): return "\(reply.code) \(reply.status ?? "")"
        }
    }

    func count(_ table: String) async throws -> Int {
        try await self.pool.query(in: .all, SQL(trusted: "SELECT count(*) AS count FROM \(table)"))[0].value("count")
    }
}
