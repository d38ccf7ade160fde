import Foundation
import Parley
import Postgres

/// Makes sure that there is an open conversation with an address over a channel, and that the person is known.
struct ConversationOpening {
    var workspace: WorkspaceID
    var channel: ChannelID
    var address: Address
    /// Of a mail: it names the conversation, and replies without references find it by it.
    var subject: String?
    var at: Date

    /// The first answers the channel's `status`, the last the conversation's `id`. Whoever was faster with either wins, and is found.
    var statements: [SQL] {
        let workspace = self.workspace.uuid
        let conversation = ConversationID.make(at: self.at)
        let key = ThreadKey(beginning: conversation, with: self.address).rawValue
        let base = self.subject.map { BaseSubject($0).text }
        return [
            "SELECT status FROM channels WHERE workspace_id = \(workspace) AND id = \(self.channel.uuid)",
            """
            WITH identity AS (
                INSERT INTO identities (workspace_id, id, contact_id, space, address, proven, created_at)
                VALUES (\(workspace), \(IdentityID.make(at: self.at).uuid), \(ContactID.make(at: self.at).uuid),
                    \(self.address.space.rawValue), \(self.address.value), 'given', \(self.at))
                ON CONFLICT (workspace_id, space, address) DO NOTHING RETURNING workspace_id, id, contact_id, created_at
            ), contact AS (
                INSERT INTO contacts (workspace_id, id, created_at) SELECT workspace_id, contact_id, created_at FROM identity
            )
            INSERT INTO events (workspace_id, type, data)
            SELECT workspace_id, 'contact.created', jsonb_build_object('contactId', contact_id, 'identityId', id) FROM identity
            """,
            """
            WITH conversation AS (
                INSERT INTO conversations (workspace_id, id, channel_id, thread_key, identity_id, name, base_subject, created_at)
                SELECT c.workspace_id, \(conversation.uuid), c.id, \(key), i.id, \(self.subject), nullif(\(base), ''), \(self.at)
                FROM channels c JOIN identities i ON i.workspace_id = c.workspace_id AND i.space = \(self.address.space.rawValue)
                    AND i.address = \(self.address.value)
                WHERE c.workspace_id = \(workspace) AND c.id = \(self.channel.uuid)
                ON CONFLICT (workspace_id, channel_id, thread_key) WHERE status = 'active' DO NOTHING
                RETURNING workspace_id, id, identity_id, created_at
            ), participant AS (
                INSERT INTO participants (workspace_id, conversation_id, id, type, identity_id, created_at)
                SELECT workspace_id, id, \(ParticipantID.make(at: self.at).uuid), 'contact', identity_id, created_at FROM conversation
            )
            INSERT INTO events (workspace_id, type, conversation_id) SELECT workspace_id, 'conversation.created', id FROM conversation
            """,
            """
            SELECT id FROM conversations
            WHERE workspace_id = \(workspace) AND channel_id = \(self.channel.uuid) AND thread_key = \(key) AND status = 'active'
            """,
        ]
    }
}
