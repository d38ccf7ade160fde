import Parley

/// The transport that a poll asks for.
struct Pickups: PickupTransport {
    let http: HTTPPickup
    let mailbox: MailboxPickup

    func pickUp(_ poll: Poll, after cursor: JSON?, through adapter: any Adapter, for channel: ChannelContext) async throws -> Pickup {
        switch poll.request {
        case .http: try await self.http.pickUp(poll, after: cursor, through: adapter, for: channel)
        case .mailbox(let mailbox): try await self.mailbox.pickUp(mailbox, after: cursor)
        }
    }
}
