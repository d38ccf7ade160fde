package import Foundation
package import Parley

/// One inbox job: what one request told of one conversation (or one message), in order.
package struct InboxPayload: Hashable, Sendable, Codable {
    package var channel: ChannelID
    /// The row of `inbound_requests` with the bytes; nil for what did not come by request.
    package var request: UUID?
    package var receivedAt: Date
    package var events: [InboundEvent]
    /// How often this waited for a message that had not come yet (an edit can overtake its message); nil for never.
    package var deferrals: Int?

    package init(channel: ChannelID, request: UUID?, receivedAt: Date, events: [InboundEvent], deferrals: Int? = nil) {
        self.channel = channel
        self.request = request
        self.receivedAt = receivedAt
        self.events = events
        self.deferrals = deferrals
    }
}

extension InboxPayload {
    /// Throws `DecodingError` for bytes that are no payload: such a job is dead at once, another try reads the same bytes.
    package init(bytes: [UInt8]) throws { self = try JSONDecoder().decode(InboxPayload.self, from: Data(bytes)) }

    package var bytes: [UInt8] {
        do { return try [UInt8](JSONEncoder().encode(self)) } catch {
            preconditionFailure("a payload of strings and dates encodes: \(error)")
        }
    }
}
