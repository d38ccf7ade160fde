/// The conversation that a reply address or Message-ID of ours was made for.
package struct ReplyToken: Hashable, Sendable, Codable {
    package var conversation: ConversationID
    package var isExpired: Bool
    package init(conversation: ConversationID, isExpired: Bool = false) {
        self.conversation = conversation
        self.isExpired = isExpired
    }
}
