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
