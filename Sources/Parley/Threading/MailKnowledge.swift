import Foundation

/// What the database says of the conversations that a batch's mails may belong to.
package struct MailKnowledge: Hashable, Sendable {
    /// A conversation by mail. Linked ones form a family around their root; nobody in one of them reads the others.
    package struct Conversation: Hashable, Sendable {
        package var channel: ChannelID
        package var root: ConversationID
        package var isOpen: Bool
        /// Whose mails may go on in it.
        package var members: Set<Address>
        package init(channel: ChannelID, root: ConversationID, isOpen: Bool = true, members: Set<Address>) {
            self.channel = channel
            self.root = root
            self.isOpen = isOpen
            self.members = members
        }
    }
    /// Where a sender's last conversation of a subject is found.
    package struct SubjectSlot: Hashable, Sendable {
        package var person: Person
        package var channel: ChannelID
        @Exact package var subject: String
        package init(person: Person, channel: ChannelID, subject: String) {
            self.person = person
            self.channel = channel
            self.subject = subject
        }
    }

    /// What a Message-ID leads to.
    package var references: [ExternalMessage: ConversationID] = [:]
    package var conversations: [ConversationID: Conversation] = [:]
    package var subjects: [SubjectSlot: ConversationID] = [:]
    /// How many mails a sender brought to a channel lately.
    package var recent: [SubjectSlot: Int] = [:]

    package init() {}

    /// The conversations of a family, oldest first: ids sort by age.
    func family(of conversation: ConversationID) -> [ConversationID] {
        guard let root = self.conversations[conversation]?.root else { return [] }
        return self.conversations.filter { $0.value.root == root }.keys.sorted { $0.uuid < $1.uuid }
    }
}

extension ThreadingItem {
    package var mail: MailThreading? { if case .message(let message) = self.event { message.mail } else { nil } }

    /// Ids that a row can be found by; longer ones are nobody's real Message-ID.
    package var mailReferences: [ExternalMessage] {
        guard let mail = self.mail else { return [] }
        return ([mail.messageID].compactMap(\.self) + mail.references).filter(Self.isUsable)
            .map { ExternalMessage(workspace: self.workspace, channel: self.channel, id: $0) }
    }

    /// The mails before this one as it names them, oldest first: what an answer to it names before it.
    var mailAncestors: [String] { (self.mail?.references ?? []).reversed().filter(Self.isUsable) }

    private static func isUsable(_ id: String) -> Bool { (1...900).contains(id.utf8.count) && !id.utf8.contains(0) }

    package var subjectSlot: MailKnowledge.SubjectSlot? {
        guard let mail = self.mail, let person = self.person else { return nil }
        return MailKnowledge.SubjectSlot(person: person, channel: self.channel, subject: mail.subject)
    }
}
