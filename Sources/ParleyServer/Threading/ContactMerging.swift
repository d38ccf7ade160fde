package import Foundation
package import Parley
package import Postgres

/// Makes two contacts one, by hand, and takes it back.
///
/// Only identities move. Messages and conversations name identities, so the whole history follows them there and back, and the emptied contact
/// stays to return to.
package struct ContactMerging: Sendable {
    package enum Failure: Error, Hashable, Sendable {
        case sameContact
        case unknownContact
        case unknownMerge
        case alreadyUndone
        /// An identity of the merge moved on by a later one, which has to be undone first.
        case movedOn
    }

    private let pool: Pool
    package init(pool: Pool) { self.pool = pool }

    /// Moves all identities of `source` to `target`.
    ///
    /// - Parameters:
    ///   - merge: the id the merge is undone by.
    ///   - evidence: why they are one person, for whoever reads it later.
    /// - Throws: `Failure`, and what the database throws.
    package func merge(
        _ source: ContactID,
        into target: ContactID,
        of workspace: WorkspaceID,
        as merge: UUID,
        evidence: JSON
    ) async throws {
        try await self.pool.transaction(in: .workspace(workspace.uuid)) { transaction in
            try await Self.merge(source, into: target, of: workspace, as: merge, evidence: evidence, on: transaction)
        }
    }

    /// `merge` within the caller's transaction.
    package static func merge(
        _ source: ContactID,
        into target: ContactID,
        of workspace: WorkspaceID,
        as merge: UUID,
        evidence: JSON,
        on transaction: Transaction
    ) async throws {
        guard source != target else { throw Failure.sameContact }
        let found = try await transaction.query(
            """
            SELECT id FROM contacts WHERE workspace_id = \(workspace.uuid) AND id = ANY(\([source.uuid, target.uuid]))
            ORDER BY id FOR UPDATE
            """
        )
        guard found.count == 2 else { throw Failure.unknownContact }
        _ = try await transaction.execute(
            """
            WITH moved AS (
                UPDATE identities SET contact_id = \(target.uuid)
                WHERE workspace_id = \(workspace.uuid) AND contact_id = \(source.uuid) RETURNING id
            ), merge AS (
                INSERT INTO contact_merges (workspace_id, id, from_contact, into_contact, identities, evidence)
                SELECT \(workspace.uuid), \(merge), \(source.uuid), \(target.uuid), coalesce(array_agg(id), '{}'),
                    \(JSONText(evidence.text)) FROM moved
            )
            INSERT INTO events (workspace_id, type, data) VALUES (\(workspace.uuid), 'contact.merged',
                jsonb_build_object('mergeId', \(merge), 'contactId', \(target.uuid), 'fromContactId', \(source.uuid)))
            """
        )
    }

    /// Moves the identities of a merge back to where they were.
    ///
    /// - Throws: `Failure`, and what the database throws.
    package func undo(_ merge: UUID, of workspace: WorkspaceID) async throws {
        try await self.pool.transaction(in: .workspace(workspace.uuid)) { transaction in
            try await Self.undo(merge, of: workspace, on: transaction)
        }
    }

    /// `undo` within the caller's transaction.
    package static func undo(_ merge: UUID, of workspace: WorkspaceID, on transaction: Transaction) async throws {
        let rows = try await transaction.query(
            """
            SELECT from_contact, into_contact, cardinality(identities) AS count, undone_at FROM contact_merges
            WHERE workspace_id = \(workspace.uuid) AND id = \(merge) FOR UPDATE
            """
        )
        guard let row = rows.first else { throw Failure.unknownMerge }
        guard try row.optional("undone_at", as: Date.self) == nil else { throw Failure.alreadyUndone }
        let moved = try await transaction.query(
            """
            UPDATE identities i SET contact_id = m.from_contact FROM contact_merges m
            WHERE m.workspace_id = \(workspace.uuid) AND m.id = \(merge) AND i.workspace_id = m.workspace_id
                AND i.id = ANY(m.identities) AND i.contact_id = m.into_contact
            RETURNING i.id
            """
        )
        guard moved.count == Int(try row.value("count", as: Int32.self)) else { throw Failure.movedOn }
        let source: UUID = try row.value("from_contact")
        let target: UUID = try row.value("into_contact")
        _ = try await transaction.execute(
            """
            WITH merge AS (
                UPDATE contact_merges SET undone_at = now() WHERE workspace_id = \(workspace.uuid) AND id = \(merge)
            )
            INSERT INTO events (workspace_id, type, data) VALUES (\(workspace.uuid), 'contact.unmerged',
                jsonb_build_object('mergeId', \(merge), 'contactId', \(target), 'fromContactId', \(source)))
            """
        )
    }
}
