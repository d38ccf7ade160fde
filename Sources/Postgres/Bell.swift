/// One word for those who listen on a channel.
package struct Notice: Hashable, Sendable {
    package var channel: String
    package var payload: String
    package init(channel: String, payload: String) {
        self.channel = channel
        self.payload = payload
    }
}

/// Sends notices apart from the transactions they speak of, and whatever waits at one moment together.
///
/// A NOTIFY inside a transaction makes its commit take turns with all others that notify, so small transactions would flush one by
/// one. Listeners poll slowly besides: a notice that is lost with its process costs them a moment, nothing else.
///
/// Source: PostgreSQL source, src/backend/commands/async.c, `PreCommit_Notify`.
actor Bell {
    private var waiting: Set<Notice> = []
    private var isRinging = false

    func ring(_ notices: [Notice], through pool: Pool) {
        self.waiting.formUnion(notices)
        guard !self.isRinging, !self.waiting.isEmpty else { return }
        self.isRinging = true
        Task {
            while !self.waiting.isEmpty {
                let notices = Array(self.waiting)
                self.waiting = []
                _ = try? await pool.query(
                    "SELECT pg_notify(n.channel, n.payload) FROM unnest(\(notices.map(\.channel)), \(notices.map(\.payload))) AS n (channel, payload)"
                )
            }
            self.isRinging = false
        }
    }
}
