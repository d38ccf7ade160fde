package import Foundation

/// What the database says about everything a batch mentions, read in one go before it is planned.
package struct ThreadingKnowledge: Hashable, Sendable {
    package struct Thread: Hashable, Sendable {
        package var open: ConversationID?
        /// The latest that is no longer open.
        package var ended: ConversationID?
        package init(open: ConversationID? = nil, ended: ConversationID? = nil) {
            self.open = open
            self.ended = ended
        }
    }
    package struct Lookalike: Hashable, Sendable {
        package var message: MessageID
        package var moment: Date
        package init(message: MessageID, moment: Date) {
            self.message = message
            self.moment = moment
        }
    }

    /// The channels that exist. Events of others are refused.
    package var policies: [ChannelID: ChannelPolicy]
    /// Known people, with the name last heard.
    package var names: [Person: String?]
    package var threads: [ThreadSlot: Thread]
    package var messages: [ExternalMessage: MessageID]
    /// Messages without an id that are kept already.
    package var lookalikes: [Fingerprint: [Lookalike]]
    package var mail = MailKnowledge()

    package init(
        policies: [ChannelID: ChannelPolicy] = [:],
        names: [Person: String?] = [:],
        threads: [ThreadSlot: Thread] = [:],
        messages: [ExternalMessage: MessageID] = [:],
        lookalikes: [Fingerprint: [Lookalike]] = [:]
    ) {
        self.policies = policies
        self.names = names
        self.threads = threads
        self.messages = messages
        self.lookalikes = lookalikes
    }
}
