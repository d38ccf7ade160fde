/// A mail's place among those that its account has under way.
package struct MailTurn: Sendable {
    let place: Result<(transfer: Transfer, loop: TransferLoop), TransferError>

    /// As `MailClient.send`, without a wait.
    package func send() async throws(TransferError) -> MailReply {
        let (transfer, loop) = try self.place.get()
        return MailReply(try await loop.run(transfer))
    }
}
