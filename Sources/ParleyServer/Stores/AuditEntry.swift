package import Parley
package import Postgres

/// One change somebody made (I23): written in the transaction of the change itself, so there is none without the other.
package struct AuditEntry: Sendable {
    /// `key:0190…`, `cli:root`.
    package var actor: String
    package var requestID: String?
    package var action: AuditAction
    /// `channel:0190…`.
    package var target: String
    /// Never a secret, never message text.
    package var before: JSON?
    package var after: JSON?

    package init(actor: String, requestID: String? = nil, action: AuditAction, target: String, before: JSON? = nil, after: JSON? = nil) {
        self.actor = actor
        self.requestID = requestID
        self.action = action
        self.target = target
        self.before = before
        self.after = after
    }

    package func insertion(in workspace: WorkspaceID) -> SQL { Self.insertion(of: [self], in: workspace) }

    package static func insertion(of entries: [AuditEntry], in workspace: WorkspaceID) -> SQL {
        """
        INSERT INTO audit (workspace_id, actor, request_id, action, target, before, after)
        SELECT \(workspace.uuid), * FROM unnest(\(entries.map(\.actor)), \(entries.map(\.requestID)), \(entries.map(\.action.rawValue)),
            \(entries.map(\.target)), \(entries.map { $0.before.map { JSONText($0.text) } }),
            \(entries.map { $0.after.map { JSONText($0.text) } }))
        """
    }
}

extension JSON {
    /// Of what the API shows, what the audit keeps where people wrote: ids, numbers and states, never a text, a name or an address.
    var auditable: JSON {
        let kept: Set = [
            "id", "channelId", "contactId", "conversationId", "messageId", "status", "reason", "possibleDuplicate", "nextAttemptAt",
            "endedAt", "outcome", "events", "newEvents", "contentType", "size",
        ]
        return .object((self.object ?? [:]).filter { kept.contains($0.key) })
    }
}
