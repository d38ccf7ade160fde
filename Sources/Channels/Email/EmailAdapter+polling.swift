package import Parley

extension EmailAdapter {
    package var isPolled: Bool { true }

    /// How often a mailbox is looked into.
    private static let interval: Duration = .seconds(15)

    package func poll(after cursor: JSON?, for channel: ChannelContext) async throws(AdapterError) -> Poll? {
        func setting(_ name: String) -> String? { channel.settings[name]?.string.flatMap { $0.isEmpty ? nil : $0 } }
        guard let url = setting("imap_url") else { return nil }
        let mailbox = MailboxPoll(
            url: url,
            username: setting("imap_username") ?? setting("smtp_username"),
            password: setting("imap_password") ?? setting("smtp_password"),
            mailbox: setting("imap_mailbox") ?? "INBOX"
        )
        return Poll(request: .mailbox(mailbox), interval: Self.interval)
    }
}
