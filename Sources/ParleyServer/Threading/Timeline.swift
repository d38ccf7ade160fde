import Foundation
package import Parley
package import Postgres

/// A person's one history: the messages of all their identities, over all channels, in the order they came.
package enum Timeline {
    /// One page, newest first, as rows of `messages`: to be selected from, so that whoever shows them decides on the columns.
    ///
    /// Each identity gives at most `limit` rows by its index, so a page costs the same at the end of a long history.
    ///
    /// - Parameters:
    ///   - before: the last message of the page before; nil for the first page.
    ///   - limit: 1 or more.
    package static func page(of contact: ContactID, in workspace: WorkspaceID, before: MessageID?, limit: Int) -> SQL {
        let bound = before?.uuid ?? .highest
        return """
            SELECT m.* FROM identities i CROSS JOIN LATERAL (
                SELECT m.* FROM messages m WHERE m.workspace_id = i.workspace_id AND m.identity_id = i.id AND m.id < \(bound)
                ORDER BY m.id DESC LIMIT \(limit)
            ) m
            WHERE i.workspace_id = \(workspace.uuid) AND i.contact_id = \(contact.uuid)
            ORDER BY m.id DESC LIMIT \(limit)
            """
    }
}
