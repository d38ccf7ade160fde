/// Why a message stands where it stands, kept with it.
package struct Why: Hashable, Sendable {
    package enum Rule: String, Sendable {
        /// The provider named the thread.
        case thread
        /// The sender's address is the thread.
        case address
        /// Somebody posted it through the API.
        case posted
        /// A mail came to, or answers, an address that we made for the conversation.
        case token
        /// A mail names another one by its Message-ID, or was named by one.
        case reference
        /// A reply without references, of the same subject and sender.
        case subject
        /// Nothing led anywhere: a mail that begins something.
        case new
    }
    /// What happened to the conversation.
    package enum Act: String, Sendable { case opened, joined, reopened }
    /// A conversation that could have been it.
    package struct Refusal: Hashable, Sendable {
        package var conversation: ConversationID
        package var reason: String
        package init(conversation: ConversationID, reason: String) {
            self.conversation = conversation
            self.reason = reason
        }
    }

    package var rule: Rule
    package var act: Act
    /// What the rule went by: `key`, `externalId`, …
    package var evidence: [String: String]
    package var refused: [Refusal]
    /// A message without an id that says the same, from the same sender, within a minute (I2).
    package var possibleDuplicateOf: MessageID?

    package init(
        rule: Rule,
        act: Act,
        evidence: [String: String] = [:],
        refused: [Refusal] = [],
        possibleDuplicateOf: MessageID? = nil
    ) {
        self.rule = rule
        self.act = act
        self.evidence = evidence
        self.refused = refused
        self.possibleDuplicateOf = possibleDuplicateOf
    }

    package var json: JSON {
        var members: [String: JSON] = [
            "rule": .string(self.rule.rawValue),
            "act": .string(self.act.rawValue),
            "evidence": .object(self.evidence.mapValues(JSON.string)),
            "refused": .array(self.refused.map { ["conversationId": .string($0.conversation.description), "reason": .string($0.reason)] }),
        ]
        if let message = self.possibleDuplicateOf { members["possibleDuplicateOf"] = .string(message.description) }
        return .object(members)
    }
}
