/// Hands mail over and fetches it, from any task.
///
/// libcurl waits for the reply to the final dot, and for the goodbye, without letting other transfers of its loop go on. So a loop
/// carries one of these at a time, and keeps its connection for the next one to the same account.
package final class MailClient: Sendable {
    package let settings: ClientSettings
    private let loops: LoopPool

    package init(settings: ClientSettings) {
        self.settings = settings
        self.loops = LoopPool(settings: settings)
    }

    /// Hands one mail over once.
    ///
    /// - Returns: the reply that decided: to the final dot, or to the command that was refused.
    /// - Throws: `TransferError` when no such reply came. Its phase is `.afterSend` once the whole message has left: then the server may
    ///   have taken the mail. A cancelled task gets `.cancelled`.
    package func send(_ transfer: MailTransfer) async throws(TransferError) -> MailReply {
        try await self.turn(for: transfer) { turn async throws(TransferError) in try await turn.send() }
    }

    /// Waits for one of the few connections that an account may have at a time, and keeps it while `body` decides whether to send.
    ///
    /// `body` runs in any case: what keeps the mail from ever being sent, `send` tells.
    package func turn<T, E: Error>(
        for transfer: MailTransfer,
        _ body: (MailTurn) async throws(E) -> T
    ) async throws(E) -> T {
        let server: MailServer
        do throws(TransferError) {
            server = try MailServer(url: transfer.url, service: .smtp)
            try self.settings.egress.check(server)
            try transfer.check()
        } catch {
            return try await body(MailTurn(place: .failure(error)))
        }
        return try await self.loops.lend(to: .init(server: server, username: transfer.username)) { loop async throws(E) in
            try await body(MailTurn(place: loop.map { (.mail(transfer, to: server), $0) }))
        }
    }

    /// Connects, logs in where there is a user name, and hands nothing over.
    ///
    /// - Returns: the reply to NOOP, or to the command that was refused.
    package func greet(url: String, username: String?, password: String?) async throws(TransferError) -> MailReply {
        let server = try MailServer(url: url, service: .smtp)
        try self.settings.egress.check(server)
        let nothing = MailTransfer(
            url: url,
            username: username,
            password: password,
            sender: "",
            recipient: "",
            message: [],
            deadline: .seconds(30)
        )
        try nothing.checkLogin()
        return try await self.loops.lend(to: .init(server: server, username: username)) { loop async throws(TransferError) in
            MailReply(try await loop.get().run(.mail(nothing, to: server)))
        }
    }

    /// Asks a mailbox several questions over one connection.
    ///
    /// - Throws: `TransferError`, and whatever `body` throws.
    package func ask<T>(_ mailbox: MailboxAccount, _ body: (MailboxLine) async throws -> T) async throws -> T {
        let server = try MailServer(url: mailbox.url, service: .imap)
        try self.settings.egress.check(server)
        try mailbox.check()
        return try await self.loops.lend(to: .init(server: server, username: mailbox.username)) { loop in
            try await body(MailboxLine(mailbox: mailbox, server: server, loop: try loop.get()))
        }
    }
}
