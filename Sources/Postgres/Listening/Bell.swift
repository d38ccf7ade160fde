/// Sends notices apart from the transactions they speak of, and whatever waits at one moment together.
///
/// A NOTIFY inside a transaction makes its commit take turns with all others that notify, so small transactions would flush one by
/// one. Listeners poll slowly besides: a notice that is lost with its process costs them a moment, nothing else.
///
/// It has a session of its own: a busy pool must not delay the word that there is work, and a notice has nothing to flush.
///
/// Source: PostgreSQL source, src/backend/commands/async.c, `PreCommit_Notify`.
actor Bell {
    private let settings: ConnectionSettings
    private var connection: Connection?
    private var waiting: Set<Notice> = []
    private var isRinging = false
    private var isClosed = false

    init(settings: ConnectionSettings) {
        var settings = settings
        settings.options["synchronous_commit"] = "off"
        self.settings = settings
    }

    func ring(_ notices: [Notice]) {
        guard !self.isClosed else { return }
        self.waiting.formUnion(notices)
        guard !self.isRinging, !self.waiting.isEmpty else { return }
        self.isRinging = true
        Task { await self.drain() }
    }

    func close() async {
        self.isClosed = true
        await self.connection?.close()
        self.connection = nil
    }

    private func drain() async {
        while !self.waiting.isEmpty {
            let notices = Array(self.waiting)
            self.waiting = []
            await self.send(notices)
        }
        self.isRinging = false
    }

    private func send(_ notices: [Notice]) async {
        do {
            let connection = try await self.session()
            _ = try await connection.query(
                "SELECT pg_notify(n.channel, n.payload) FROM unnest(\(notices.map(\.channel)), \(notices.map(\.payload))) AS n (channel, payload)"
            )
        } catch {
            await self.connection?.close()
            self.connection = nil
        }
        if self.isClosed { await self.close() }
    }

    private func session() async throws(PostgresError) -> Connection {
        if let connection, !connection.isStale { return connection }
        await self.connection?.close()
        let made = try await Connection.open(self.settings)
        self.connection = made
        return made
    }
}
