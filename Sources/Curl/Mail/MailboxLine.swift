/// A connection to a mailbox, for as long as it is asked.
package struct MailboxLine: Sendable {
    let mailbox: MailboxAccount
    let server: MailServer
    let loop: TransferLoop

    /// - Returns: what the server says, line by line, or the bytes of a mail.
    package func answer(to question: MailboxQuestion, within deadline: Duration) async throws(TransferError) -> [UInt8] {
        let transfer = MailboxTransfer(mailbox: self.mailbox, question: question, deadline: deadline)
        return try await self.loop.run(.mailbox(transfer, at: self.server)).body
    }
}
