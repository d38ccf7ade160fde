import Channels
import Foundation
import HTTPTypes
import HummingbirdCore
import Parley
import Postgres

/// One thing a visitor's browser is told.
struct VisitorEvent: Hashable, Sendable {
    /// Where a browser that was told goes on; nil for what passes.
    var id: Int64?
    /// `message`, `receipt`, `conversation`, `typing`
    var name: String
    var data: JSON

    /// What an event of the feed is to a visitor.
    enum Kind: Hashable, Sendable {
        case message
        case receipt(String)
        case conversation(String)
        case typing

        /// Nil for what no visitor is told.
        init?(_ event: FeedEvent) {
            let status = event.data["status"]?.string
            switch event.type {
            case "message.created" where event.data["direction"]?.string == "inbound": self = .message
            case "message.updated":
                switch status {
                case "accepted"?: self = .message  // ours, as soon as it is on record as sent
                case "delivered"?, "read"?: self = .receipt(status ?? "")
                default: return nil
                }
            case "conversation.updated":
                guard let status, status == "ended" || status == "active" else { return nil }
                self = .conversation(status)
            case "conversation.typing" where event.data["from"]?.string == "agent": self = .typing
            default: return nil
            }
        }
    }
}
