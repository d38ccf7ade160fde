import Parley
import Postgres

/// Statements for what changes messages and people that are there already.
extension ThreadingPlan {
    var revisionInsertion: SQL {
        let rows = self.revisions
        return """
            WITH revision AS (
                INSERT INTO message_revisions (workspace_id, message_id, revision, kind, text, created_at)
                SELECT * FROM unnest(
                    \(rows.map(\.workspace.uuid)), \(rows.map(\.message.uuid)), \(rows.map(\.name)), \(rows.map(\.change.kind)),
                    \(rows.map(\.change.text)), \(rows.map(\.at))
                ) ON CONFLICT (workspace_id, message_id, revision) DO NOTHING
                RETURNING workspace_id, message_id, kind
            )
            INSERT INTO events (workspace_id, type, conversation_id, message_id)
            SELECT r.workspace_id, CASE r.kind WHEN 'edit' THEN 'message.updated' ELSE 'message.deleted' END,
                (SELECT m.conversation_id FROM messages m WHERE m.workspace_id = r.workspace_id AND m.id = r.message_id), r.message_id
            FROM revision r
            """
    }

    var interactionInsertion: SQL {
        let rows = self.interactions
        return """
            WITH interaction AS (
                INSERT INTO interactions (workspace_id, id, channel_id, identity_id, external_id, type, fields, created_at)
                SELECT g.workspace_id, g.id, g.channel_id, (SELECT i.id FROM identities i WHERE i.workspace_id = g.workspace_id
                    AND i.space = g.space AND i.address = g.address), g.external_id, g.type, g.fields, g.at
                FROM unnest(
                    \(rows.map(\.person.workspace.uuid)), \(rows.map(\.id.uuid)), \(rows.map(\.channel.uuid)),
                    \(rows.map(\.person.address.space.rawValue)), \(rows.map(\.person.address.value)), \(rows.map(\.externalID)),
                    \(rows.map(\.type)), \(rows.map { JSONText(JSON.object($0.fields.mapValues(JSON.string)).text) }), \(rows.map(\.at))
                ) AS g (workspace_id, id, channel_id, space, address, external_id, type, fields, at)
                ON CONFLICT (workspace_id, channel_id, external_id) WHERE external_id IS NOT NULL DO NOTHING
                RETURNING workspace_id, id, type
            )
            INSERT INTO events (workspace_id, type, data)
            SELECT workspace_id, 'interaction.created', jsonb_build_object('interactionId', id, 'type', type) FROM interaction
            """
    }

    var optOutUpdate: SQL {
        let rows = self.optOuts
        return """
            WITH identity AS (
                UPDATE identities i SET stopped_at = CASE WHEN g.stopped THEN g.at END FROM unnest(
                    \(rows.map(\.person.workspace.uuid)), \(rows.map(\.person.address.space.rawValue)),
                    \(rows.map(\.person.address.value)), \(rows.map(\.isStopped)), \(rows.map(\.at))
                ) AS g (workspace_id, space, address, stopped, at)
                WHERE i.workspace_id = g.workspace_id AND i.space = g.space AND i.address = g.address
                    AND (i.stopped_at IS NOT NULL) <> g.stopped
                RETURNING i.workspace_id, i.id, i.contact_id, i.stopped_at
            )
            INSERT INTO events (workspace_id, type, data)
            SELECT workspace_id, 'contact.updated',
                jsonb_build_object('contactId', contact_id, 'identityId', id, 'stopped', stopped_at IS NOT NULL)
            FROM identity
            """
    }
}

// MARK: - Mail

extension ThreadingPlan {
    /// Whoever names an id first says where it leads.
    var referenceInsertion: SQL {
        let rows = self.references
        return """
            INSERT INTO thread_references (workspace_id, channel_id, reference, conversation_id, created_at)
            SELECT * FROM unnest(
                \(rows.map(\.reference.workspace.uuid)), \(rows.map(\.reference.channel.uuid)), \(rows.map(\.reference.id)),
                \(rows.map(\.conversation.uuid)), \(rows.map(\.at))
            ) AS g (workspace_id, channel_id, reference)
            ORDER BY g.workspace_id, g.channel_id, g.reference
            ON CONFLICT (workspace_id, channel_id, reference) DO NOTHING
            """
    }

    var ancestryInsertion: SQL {
        let rows = self.ancestries
        return """
            INSERT INTO mail_references (workspace_id, message_id, ids) SELECT * FROM unnest(
                \(rows.map(\.workspace.uuid)), \(rows.map(\.message.uuid)), \(rows.map { $0.references.joined(separator: " ") })
            )
            """
    }

    /// One after the other, for a family that moved may move again.
    var linking: SQL {
        let rows = self.links.reduced
        return """
            UPDATE conversations c SET linked_to = g.root FROM unnest(
                \(rows.map(\.workspace.uuid)), \(rows.map(\.family.uuid)), \(rows.map(\.root.uuid))
            ) AS g (workspace_id, family, root)
            WHERE c.workspace_id = g.workspace_id AND (c.id = g.family OR c.linked_to = g.family) AND c.id <> g.root
            """
    }
}

extension [ThreadingPlan.Link] {
    /// Each family once, with the root it has in the end.
    fileprivate var reduced: [ThreadingPlan.Link] {
        var last: [ConversationID: ConversationID] = [:]
        for link in self {
            for (family, root) in last where root == link.family { last[family] = link.root }
            last[link.family] = link.root
        }
        return self.compactMap { link in
            guard let root = last.removeValue(forKey: link.family) else { return nil }
            var link = link
            link.root = root
            return link
        }
    }
}

extension ThreadingPlan.Revision.Change {
    fileprivate var kind: String {
        switch self {
        case .edit: "edit"
        case .deletion: "deletion"
        }
    }
    fileprivate var text: String? {
        switch self {
        case .edit(let text): text
        case .deletion: nil
        }
    }
}
