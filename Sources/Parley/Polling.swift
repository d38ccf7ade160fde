/// How a provider that calls nobody is asked for what is new. Holds secrets: never logged.
package struct Poll: Hashable, Sendable {
    package enum Request: Hashable, Sendable {
        case http(HTTPCall)
        case mailbox(MailboxPoll)
    }
    package var request: Request
    /// Between an answer that brought all there was and the next request.
    package var interval: Duration
    package init(request: Request, interval: Duration) {
        self.request = request
        self.interval = interval
    }
}

/// A mailbox to be looked into for mail that came after the cursor: `{"validity": UIDVALIDITY, "uid": the last one taken}`.
package struct MailboxPoll: Hashable, Sendable {
    /// `imaps://host`, `imap://host:143`
    package var url: String
    package var username: String?
    package var password: String?
    /// `INBOX`
    package var mailbox: String
    package init(url: String, username: String?, password: String?, mailbox: String) {
        self.url = url
        self.username = username
        self.password = password
        self.mailbox = mailbox
    }
}

/// What a provider's answer to a poll says besides its events.
package enum PollAnswer: Hashable, Sendable {
    /// Once the events are stored, the next request goes on from `cursor`; nil: from where this one did. `isMore`: there is more already.
    case read(cursor: JSON?, isMore: Bool)
    /// Nothing was brought, and the cursor stays. `reason` in fixed words; `after`: seconds the provider asked for.
    case failed(reason: String, after: Double?)
}

extension HookRequest {
    /// The URL of an answer that is read as if the provider had called with it. No request from outside can bear it.
    package static let pollURL = "poll:"

    /// What a provider answered to a poll, in the form in which requests are read, kept and replayed.
    package init(polled answer: ProviderAnswer) {
        self.init(
            method: "POLL",
            url: Self.pollURL,
            route: nil,
            headers: answer.headers.filter { $0.key != "set-cookie" },
            body: answer.body,
            at: answer.at
        )
    }
    package var isPolled: Bool { self.url == Self.pollURL }
}

// For the adapters that need no asking.
extension Adapter {
    package var isPolled: Bool { false }
    package func poll(after cursor: JSON?, for channel: ChannelContext) async throws(AdapterError) -> Poll? { nil }
    package func read(
        _ answer: ProviderAnswer,
        after cursor: JSON?,
        for channel: ChannelContext
    ) async throws(AdapterError) -> PollAnswer { .failed(reason: "not_polled", after: nil) }
}
