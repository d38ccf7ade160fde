package import Foundation

/// What is to be written for one batch: plain rows, in order, of which each says how its place is found when it is written.
///
/// Two workers can meet the same new person, and the API can open or answer a conversation while a batch is planned. So rows name people by
/// address and new conversations by slot, and a message's `seq` is its conversation's next number, taken under the row's lock: the plan
/// gives the order, the database the number.
package struct ThreadingPlan: Hashable, Sendable {
    /// Where a message goes.
    package enum Place: Hashable, Sendable {
        case conversation(ConversationID)
        /// Whichever conversation is open there by then: the one this plan opens, unless somebody was faster.
        case slot(ThreadSlot)
    }
    /// A person not met before, and the contact made for them.
    package struct NewIdentity: Hashable, Sendable {
        package var id: IdentityID
        package var contact: ContactID
        package var person: Person
        package var name: String?
        package var proof: IdentityProof
        package var at: Date
    }
    /// A known person goes by a new name.
    package struct Renaming: Hashable, Sendable {
        package var person: Person
        package var name: String
    }
    package struct NewConversation: Hashable, Sendable {
        package var id: ConversationID
        package var slot: ThreadSlot
        package var with: Person
        package var replyTo: String?
        package var thread: String?
        package var name: String?
        /// What replies without references are found by.
        package var baseSubject: String?
        /// The root of the conversations it belongs beside.
        package var linkedTo: ConversationID?
        package var flags: [String] = []
        package var at: Date
    }
    /// A Message-ID, and the conversation it leads to from now on.
    package struct NewReference: Hashable, Sendable {
        package var reference: ExternalMessage
        package var conversation: ConversationID
        package var at: Date
    }
    /// A mail showed two families of conversations to be one.
    package struct Link: Hashable, Sendable {
        package var workspace: WorkspaceID
        /// The root of the one that moves.
        package var family: ConversationID
        package var root: ConversationID
    }
    /// What a mail named as the mails before it.
    package struct Ancestry: Hashable, Sendable {
        package var workspace: WorkspaceID
        package var message: MessageID
        /// Message-IDs, oldest first.
        package var references: [String]
    }
    package struct Reopening: Hashable, Sendable {
        package var workspace: WorkspaceID
        package var conversation: ConversationID
        package var at: Date
    }
    /// Somebody speaks in a conversation; for the first time, or once more.
    package struct Joining: Hashable, Sendable {
        package var id: ParticipantID
        package var place: Place
        package var channel: ChannelID
        package var person: Person
        /// Not confirmed yet: a stranger whom the channel lets in.
        package var isPending = false
        package var at: Date
    }
    package struct NewMessage: Hashable, Sendable {
        package var id: MessageID
        package var place: Place
        package var channel: ChannelID
        package var person: Person
        package var externalID: String?
        package var body: Body
        package var why: Why
        package var isAutomatic: Bool
        /// Of a machine: `isAutomatic`, or a mail that nothing automatic may answer (RFC 3834).
        package var wantsNoAnswer: Bool
        package var request: UUID?
        package var sentAt: Date?
        package var at: Date
    }
    package struct Revision: Hashable, Sendable {
        package enum Change: Hashable, Sendable { case edit(text: String), deletion }
        package var workspace: WorkspaceID
        package var message: MessageID
        /// Tells one change of a message from the next, so that the same one counts once.
        package var name: String
        package var change: Change
        package var at: Date
    }
    package struct NewInteraction: Hashable, Sendable {
        package var id: InteractionID
        package var channel: ChannelID
        package var person: Person
        package var externalID: String?
        package var type: String
        package var fields: [String: String]
        package var at: Date
    }
    /// What a person last asked for.
    package struct OptOutChange: Hashable, Sendable {
        package var person: Person
        package var isStopped: Bool
        package var at: Date
    }
    package struct PassedReceipt: Hashable, Sendable {
        package var workspace: WorkspaceID
        package var channel: ChannelID
        package var receipt: Receipt
        package var at: Date
    }

    package var identities: [NewIdentity] = []
    package var renamings: [Renaming] = []
    package var conversations: [NewConversation] = []
    package var reopenings: [Reopening] = []
    package var joinings: [Joining] = []
    package var references: [NewReference] = []
    package var links: [Link] = []
    package var ancestries: [Ancestry] = []
    package var messages: [NewMessage] = []
    package var revisions: [Revision] = []
    package var interactions: [NewInteraction] = []
    package var optOuts: [OptOutChange] = []
    package var receipts: [PassedReceipt] = []
    /// Changes of messages that have not come yet: to be tried again later, apart from their conversation, which must not wait for them.
    package var deferrals: [ThreadingItem] = []
    /// Messages that were kept already.
    package var duplicates = 0
    /// Changes of messages that never came: given up.
    package var orphans = 0
    /// Jobs of which nothing is planned, and why: `channel_gone`, `bad_identifier`.
    package var refusals: [Int64: String] = [:]

    package init() {}
}
