package import Parley
package import Postgres

extension ThreadingPlan {
    /// The plan as a handful of statements for one transaction, each over all its rows at once, empty ones left out.
    ///
    /// They are written to be run beside others' without failing: whoever was faster with a person or a conversation wins, and later rows find
    /// the winner. Rows that are there already make no event, so an event tells of a change that happened.
    package var statements: [SQL] {
        var statements: [SQL] = []
        func add(_ isNeeded: Bool, _ statement: @autoclosure () -> SQL) { if isNeeded { statements.append(statement()) } }
        add(!self.identities.isEmpty, self.identityInsertion)
        add(!self.renamings.isEmpty, self.renaming)
        add(!self.reopenings.isEmpty, self.reopening)
        add(!self.conversations.isEmpty, self.conversationInsertion)
        add(!self.links.isEmpty, self.linking)
        add(!self.references.isEmpty, self.referenceInsertion)
        add(!self.ancestries.isEmpty, self.ancestryInsertion)
        add(!self.messages.isEmpty, MessageInsertion.statement(self.messages.map(\.row)))
        add(!self.joinings.isEmpty, self.participantInsertion)
        add(!self.revisions.isEmpty, self.revisionInsertion)
        add(!self.interactions.isEmpty, self.interactionInsertion)
        add(!self.optOuts.isEmpty, self.optOutUpdate)
        return statements
    }

    private var identityInsertion: SQL {
        let rows = self.identities
        return """
            WITH identity AS (
                INSERT INTO identities (workspace_id, id, contact_id, space, address, display_name, proven, created_at)
                SELECT g.workspace_id, g.id, g.contact_id, g.space, g.address, g.name, g.proof, g.at FROM unnest(
                    \(rows.map(\.person.workspace.uuid)), \(rows.map(\.id.uuid)), \(rows.map(\.contact.uuid)),
                    \(rows.map(\.person.address.space.rawValue)), \(rows.map(\.person.address.value)), \(rows.map(\.name)),
                    \(rows.map(\.proof.rawValue)), \(rows.map(\.at))
                ) AS g (workspace_id, id, contact_id, space, address, name, proof, at)
                ORDER BY g.workspace_id, g.space, g.address
                ON CONFLICT (workspace_id, space, address) DO NOTHING
                RETURNING workspace_id, id, contact_id, display_name, created_at
            ), contact AS (
                INSERT INTO contacts (workspace_id, id, display_name, created_at)
                SELECT workspace_id, contact_id, display_name, created_at FROM identity
            )
            INSERT INTO events (workspace_id, type, data)
            SELECT workspace_id, 'contact.created', jsonb_build_object('contactId', contact_id, 'identityId', id) FROM identity
            """
    }

    /// A contact takes a name only while it has none: what a person or an operator called it stays.
    private var renaming: SQL {
        let rows = self.renamings
        return """
            WITH identity AS (
                UPDATE identities i SET display_name = g.name FROM unnest(
                    \(rows.map(\.person.workspace.uuid)), \(rows.map(\.person.address.space.rawValue)),
                    \(rows.map(\.person.address.value)), \(rows.map(\.name))
                ) AS g (workspace_id, space, address, name)
                WHERE i.workspace_id = g.workspace_id AND i.space = g.space AND i.address = g.address
                    AND i.display_name IS DISTINCT FROM g.name
                RETURNING i.workspace_id, i.id, i.contact_id, i.display_name
            ), contact AS (
                UPDATE contacts c SET display_name = i.display_name FROM identity i
                WHERE c.workspace_id = i.workspace_id AND c.id = i.contact_id AND c.display_name IS NULL
            )
            INSERT INTO events (workspace_id, type, data)
            SELECT workspace_id, 'contact.updated', jsonb_build_object('contactId', contact_id, 'identityId', id) FROM identity
            """
    }

    private var reopening: SQL {
        let rows = self.reopenings
        return """
            WITH conversation AS (
                UPDATE conversations c SET status = 'active', ended_at = NULL, updated_at = now()
                FROM unnest(\(rows.map(\.workspace.uuid)), \(rows.map(\.conversation.uuid))) AS g (workspace_id, id)
                WHERE c.workspace_id = g.workspace_id AND c.id = g.id AND c.status = 'ended'
                RETURNING c.workspace_id, c.id
            )
            INSERT INTO events (workspace_id, type, conversation_id, data)
            SELECT workspace_id, 'conversation.updated', id, '{"status": "active"}' FROM conversation
            """
    }

    private var conversationInsertion: SQL {
        let rows = self.conversations
        return """
            WITH conversation AS (
                INSERT INTO conversations (workspace_id, id, channel_id, thread_key, identity_id, reply_to, thread, name, base_subject,
                    linked_to, flags, created_at)
                SELECT g.workspace_id, g.id, g.channel_id, g.thread_key, (SELECT i.id FROM identities i
                    WHERE i.workspace_id = g.workspace_id AND i.space = g.space AND i.address = g.address), g.reply_to, g.thread,
                    g.name, g.base_subject, g.linked_to, string_to_array(g.flags, ','), g.at
                FROM unnest(
                    \(rows.map(\.slot.workspace.uuid)), \(rows.map(\.id.uuid)), \(rows.map(\.slot.channel.uuid)),
                    \(rows.map(\.slot.key.rawValue)), \(rows.map(\.with.address.space.rawValue)), \(rows.map(\.with.address.value)),
                    \(rows.map(\.replyTo)), \(rows.map(\.thread)), \(rows.map(\.name)), \(rows.map(\.baseSubject)),
                    \(rows.map(\.linkedTo?.uuid)), \(rows.map { $0.flags.joined(separator: ",") }), \(rows.map(\.at))
                ) AS g (workspace_id, id, channel_id, thread_key, space, address, reply_to, thread, name, base_subject, linked_to, flags, at)
                ORDER BY g.workspace_id, g.channel_id, g.thread_key
                ON CONFLICT (workspace_id, channel_id, thread_key) WHERE status = 'active' DO NOTHING
                RETURNING workspace_id, id
            )
            INSERT INTO events (workspace_id, type, conversation_id) SELECT workspace_id, 'conversation.created', id FROM conversation
            """
    }

    private var participantInsertion: SQL {
        let rows = self.joinings
        return """
            WITH given AS (
                SELECT g.workspace_id, g.id, g.at, g.pending, coalesce(g.known, (SELECT c.id FROM conversations c WHERE c.workspace_id = g.workspace_id
                        AND c.channel_id = g.channel_id AND c.thread_key = g.thread_key AND c.status = 'active')) AS conversation_id,
                    (SELECT i.id FROM identities i WHERE i.workspace_id = g.workspace_id AND i.space = g.space
                        AND i.address = g.address) AS identity_id
                FROM unnest(
                    \(rows.map(\.person.workspace.uuid)), \(rows.map(\.id.uuid)), \(rows.map(\.place.conversation)),
                    \(rows.map(\.channel.uuid)), \(rows.map(\.place.threadKey)), \(rows.map(\.person.address.space.rawValue)),
                    \(rows.map(\.person.address.value)), \(rows.map(\.isPending)), \(rows.map(\.at))
                ) AS g (workspace_id, id, known, channel_id, thread_key, space, address, pending, at)
            ), participant AS (
                INSERT INTO participants (workspace_id, conversation_id, id, type, identity_id, status, created_at)
                SELECT workspace_id, conversation_id, id, 'contact', identity_id, CASE WHEN pending THEN 'pending' ELSE 'active' END, at
                FROM given
                ORDER BY workspace_id, conversation_id, identity_id
                ON CONFLICT (workspace_id, conversation_id, identity_id) DO NOTHING
                RETURNING workspace_id, conversation_id, id, identity_id
            )
            INSERT INTO events (workspace_id, type, conversation_id, data)
            SELECT workspace_id, 'participant.added', conversation_id, jsonb_build_object('participantId', id, 'identityId', identity_id)
            FROM participant
            """
    }
}

extension ThreadingPlan.NewMessage {
    fileprivate var row: MessageInsertion.Row {
        MessageInsertion.Row(
            workspace: self.person.workspace,
            id: self.id,
            place: self.place,
            channel: self.channel,
            person: self.person,
            direction: .inbound,
            externalID: self.externalID,
            body: self.body,
            why: self.why,
            isAutomatic: self.isAutomatic,
            wantsNoAnswer: self.wantsNoAnswer,
            request: self.request,
            sentAt: self.sentAt,
            createdAt: self.at
        )
    }
}
