import CLibcurl

/// Sends requests from any task over one thread of libcurl, which keeps connections alive between them.
///
/// Never follows a redirect, reads no proxy, cookie or credential from its surroundings, and opens no socket that `egress` denies.
package final class HTTPClient: Sendable {
    package struct Settings: Sendable {
        /// `parley/1.0.0`
        package var userAgent: String
        package var egress: EgressPolicy
        /// A PEM file of the authorities to trust; nil for the system's.
        package var authorities: String?
        /// Idle connections kept for the next request.
        package var keptConnections: Int
        /// Answers given instead of asking DNS, each as `name:port:address`. The egress guard judges them like any other.
        package var names: [String]

        package init(
            userAgent: String,
            egress: EgressPolicy,
            authorities: String? = nil,
            keptConnections: Int = 64,
            names: [String] = []
        ) {
            self.userAgent = userAgent
            self.egress = egress
            self.authorities = authorities
            self.keptConnections = keptConnections
            self.names = names
        }
    }

    package let settings: Settings
    private let loop: TransferLoop

    /// - Throws: `.failed` when libcurl lacks what we rely on.
    package init(settings: Settings) throws(TransferError) {
        self.settings = settings
        self.loop = try TransferLoop(settings: settings)
    }

    deinit { self.loop.stop() }

    /// Sends one request once, and reads the whole answer.
    ///
    /// A request that may have left is never sent again by itself, also not when a kept connection turns out to be dead; only GET and
    /// HEAD, which change nothing, are.
    ///
    /// - Throws: `TransferError`; its `phase` says whether sending again could make a second one. A cancelled task gets `.cancelled`.
    package func send(_ transfer: HTTPTransfer) async throws(TransferError) -> HTTPAnswer {
        try self.settings.egress.check(url: transfer.url)
        let ticket = Ticket(transfer: transfer)
        let result = await withTaskCancellationHandler {
            await withCheckedContinuation { self.loop.start(ticket, reporting: $0) }
        } onCancel: {
            self.loop.cancel(ticket)
        }
        return try result.get()
    }
}
