/// Sends requests from any task over one thread of libcurl, which keeps connections alive between them.
///
/// Never follows a redirect, reads no proxy, cookie or credential from its surroundings, and opens no socket that `egress` denies.
package final class HTTPClient: Sendable {
    package typealias Settings = ClientSettings

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
        let answer = try await self.loop.run(.http(transfer))
        return HTTPAnswer(status: answer.status, headers: answer.headers, body: answer.body)
    }
}
