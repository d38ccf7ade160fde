package import Foundation
package import Parley
package import Postgres
import Queue

/// What an operator does about deliveries that got stuck.
package enum DeliveryActs {
    /// Why an act is refused.
    package enum Refusal: Error, Hashable, Sendable {
        case notFound
        /// It is over: nothing waits to be let go or called off.
        case alreadyOver
        /// A request is on its way; ask again when it came back.
        case inFlight
    }

    /// A delivery that waits for a person.
    package struct Stuck: Hashable, Sendable {
        package var delivery: DeliveryID
        package var message: MessageID
        package var conversation: ConversationID
        package var channel: ChannelID
        package var state: DeliveryState
        package var reason: String?
        package var detail: String?
        package var updatedAt: Date
    }

    /// The deliveries that are held, or whose outcome nobody knows, oldest first.
    package static func stuck(
        in workspace: WorkspaceID,
        after: DeliveryID? = nil,
        limit: Int = 100,
        on queries: some Queries
    ) async throws -> [Stuck] {
        let rows = try await queries.query(
            """
            SELECT id, message_id, conversation_id, channel_id, state, reason, detail, updated_at FROM deliveries
            WHERE workspace_id = \(workspace.uuid) AND state = ANY(\(DeliveryState.stuck)) AND (\(after?.uuid)::uuid IS NULL OR id > \(after?.uuid))
            ORDER BY id LIMIT \(limit)
            """
        )
        return try rows.map { row in
            Stuck(
                delivery: DeliveryID(try row.value("id")),
                message: MessageID(try row.value("message_id")),
                conversation: ConversationID(try row.value("conversation_id")),
                channel: ChannelID(try row.value("channel_id")),
                state: try row.value("state"),
                reason: try row.optional("reason"),
                detail: try row.optional("detail"),
                updatedAt: try row.value("updated_at")
            )
        }
    }

    package typealias Act = @Sendable (DeliveryID, WorkspaceID, Transaction) async throws -> Void

    /// Acts on a delivery, and says how it stood before and stands now.
    ///
    /// - Throws: what the act throws: `.notFound` when there is no such delivery.
    static func watching(
        _ delivery: DeliveryID,
        in workspace: WorkspaceID,
        on transaction: Transaction,
        _ act: Act
    ) async throws -> (before: JSON?, after: JSON?) {
        _ = try await transaction.query(Self.lock(delivery, in: workspace))
        let before = try await MessageStore.delivery(delivery, in: workspace, on: transaction)
        try await act(delivery, workspace, transaction)
        let after = try await MessageStore.delivery(delivery, in: workspace, on: transaction)
        return (before, after)
    }

    private static func lock(_ delivery: DeliveryID, in workspace: WorkspaceID) -> SQL {
        "SELECT FROM deliveries WHERE workspace_id = \(workspace.uuid) AND id = \(delivery.uuid) FOR UPDATE"
    }

    /// Lets a held delivery go: it is tried again, flagged as a possible duplicate where it may have arrived.
    package static func release(_ delivery: DeliveryID, in workspace: WorkspaceID, on transaction: Transaction) async throws {
        try await self.act(on: delivery, in: workspace, transaction) { found in found.payload.job().release }
    }

    /// Calls a delivery off: nothing more of it leaves, and what follows in its conversation may go.
    ///
    /// It takes the next try's number, so that a courier which read the delivery before cannot begin one.
    package static func cancel(_ delivery: DeliveryID, in workspace: WorkspaceID, on transaction: Transaction) async throws {
        try await self.act(on: delivery, in: workspace, transaction) { found in
            let number = Int16(found.attempts + 1)
            return [
                """
                INSERT INTO attempts (workspace_id, delivery_id, number, part, worker, epoch, ended_at, outcome)
                VALUES (\(workspace.uuid), \(delivery.uuid), \(number), 0, \(UUID()), 0, now(), \(AttemptOutcome.cancelled.rawValue))
                """,
                """
                WITH cancelled AS (
                    UPDATE deliveries SET state = 'cancelled', reason = 'cancelled', detail = NULL, attempts = \(number), updated_at = now()
                    WHERE workspace_id = \(workspace.uuid) AND id = \(delivery.uuid) RETURNING *
                )
                \(DeliveryStatements.events(from: "cancelled"))
                """,
            ] + found.payload.job().release
        }
    }

    private struct Found {
        var payload: OutboxPayload
        var attempts: Int
    }

    private static func act(
        on delivery: DeliveryID,
        in workspace: WorkspaceID,
        _ transaction: Transaction,
        _ statements: (Found) -> [SQL]
    ) async throws {
        // Locked first, then looked at: a look that waits for a courier's mark does not see the mark.
        let results = try await transaction.pipeline([
            Self.lock(delivery, in: workspace),
            """
            SELECT d.message_id, d.conversation_id, d.channel_id, d.state, d.attempts, EXISTS (SELECT FROM attempts a
                WHERE a.workspace_id = d.workspace_id AND a.delivery_id = d.id AND a.outcome IS NULL) AS is_in_flight
            FROM deliveries d WHERE d.workspace_id = \(workspace.uuid) AND d.id = \(delivery.uuid)
            """,
        ])
        guard let row = results[1].first else { throw Refusal.notFound }
        guard try !row.value("state", as: DeliveryState.self).isOver else { throw Refusal.alreadyOver }
        guard try !row.value("is_in_flight", as: Bool.self) else { throw Refusal.inFlight }
        let payload = OutboxPayload(
            workspace: workspace,
            message: MessageID(try row.value("message_id")),
            delivery: delivery,
            conversation: ConversationID(try row.value("conversation_id")),
            channel: ChannelID(try row.value("channel_id"))
        )
        _ = try await transaction.pipeline(statements(Found(payload: payload, attempts: try row.value("attempts"))))
    }
}
