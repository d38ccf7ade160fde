package import Foundation
package import Parley
package import Postgres

/// One request of a provider as it was received, and what was made of it.
package struct InboundRequestRecord: Sendable {
    package var id: UUID
    package var channel: ChannelID
    package var outcome: String
    package var detail: String?
    package var receivedAt: Date
    /// Only when it was asked for: it may be large.
    package var request: HookRequest?
}

/// The raw requests, kept for the channel's retention time.
package enum InboundRequestStore {
    package static func find(_ id: UUID, in workspace: WorkspaceID, on queries: any Queries) async throws -> InboundRequestRecord? {
        let rows = try await queries.query(
            """
            SELECT id, channel_id, outcome, detail, received_at, request FROM inbound_requests
            WHERE workspace_id = \(workspace.uuid) AND id = \(id)
            """
        )
        guard let row = rows.first else { return nil }
        var record = try Self.record(row)
        record.request = ArchivedRequest.request(from: try row.value("request"))
        return record
    }

    /// Newest first.
    package static func page(
        in workspace: WorkspaceID,
        channel: ChannelID?,
        outcome: IngestItem.Outcome?,
        before: UUID?,
        limit: Int
    ) -> SQL {
        let over = SQL.and(channel) { "channel_id = \($0.uuid)" }
        // The rare ones have an index, which a parameter could not be seen to fit.
        let ending = SQL.and(outcome) {
            $0 == .accepted ? "outcome = \($0.rawValue)" : "outcome = \($0.rawValue) AND outcome <> 'accepted'"
        }
        return """
            SELECT id, channel_id, outcome, detail, received_at FROM inbound_requests
            WHERE workspace_id = \(workspace.uuid) AND id < \(before ?? .highest) \(over) \(ending) ORDER BY id DESC LIMIT \(limit)
            """
    }

    package static func record(_ row: Row) throws(PostgresError) -> InboundRequestRecord {
        InboundRequestRecord(
            id: try row.value("id"),
            channel: ChannelID(try row.value("channel_id", as: UUID.self)),
            outcome: try row.value("outcome"),
            detail: try row.optional("detail"),
            receivedAt: try row.value("received_at")
        )
    }
}
