/// How a conversation stands, as `conversations.status` keeps it.
package enum ConversationStatus: String, Sendable, CaseIterable {
    case active, ended, archived
}
