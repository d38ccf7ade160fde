import Foundation
import Parley
import Postgres

/// What the courier writes, each statement once.
enum DeliveryStatements {
    /// Marks the try as begun. To be committed before its first byte leaves.
    ///
    /// The number is also the guard against changes from outside: whoever ends a delivery takes the next number, so that a courier
    /// which read the delivery before collides with it here (`attempts_pkey`) and sends nothing.
    static func begin(_ delivery: LoadedDelivery, number: Int, part: Int, isStep: Bool = false, worker: UUID, epoch: Int64) -> [SQL] {
        [
            """
            UPDATE deliveries SET state = 'sending', attempts = \(Int16(number)), updated_at = now(),
                possible_duplicate = possible_duplicate OR \(delivery.doubtfulPart == part)
            WHERE workspace_id = \(delivery.workspace.uuid) AND id = \(delivery.message.delivery.uuid)
            """,
            """
            INSERT INTO attempts (workspace_id, delivery_id, number, part, worker, epoch, is_step)
            VALUES (\(delivery.workspace.uuid), \(delivery.message.delivery.uuid), \(Int16(number)), \(Int16(part)), \(worker), \(epoch),
                \(isStep))
            """,
        ]
    }

    /// Writes how a try ended.
    static func end(_ delivery: LoadedDelivery, number: Int, outcome: AttemptOutcome, httpStatus: Int?, detail: String?) -> SQL {
        """
        UPDATE attempts SET ended_at = now(), outcome = \(outcome.rawValue), http_status = \(httpStatus.map(Int16.init(clamping:))), detail = \(detail)
        WHERE workspace_id = \(delivery.workspace.uuid) AND delivery_id = \(delivery.message.delivery.uuid) AND number = \(Int16(number))
        """
    }

    /// Brings the delivery to `state`, and tells of it when that is news. One that came to its end meanwhile stays there.
    static func move(
        _ delivery: LoadedDelivery,
        to state: DeliveryState,
        reason: DeliveryReason?,
        detail: String?,
        degradations: [String] = []
    ) -> SQL {
        let isNews = state != delivery.state && state != .sending
        return """
            WITH moved AS (
                UPDATE deliveries SET state = \(state.rawValue), reason = \(reason?.rawValue), detail = \(detail), updated_at = now(),
                    degradations = CASE WHEN cardinality(\(degradations)) > 0 THEN \(degradations) ELSE degradations END
                WHERE workspace_id = \(delivery.workspace.uuid) AND id = \(delivery.message.delivery.uuid)
                    AND state = ANY(\(DeliveryState.underWay))
                RETURNING *
            )
            \(self.events(from: "moved", where: isNews))
            """
    }

    /// One event for each row of `source`, a CTE over `deliveries`.
    static func events(from source: SQL, where condition: Bool = true) -> SQL {
        """
        INSERT INTO events (workspace_id, type, conversation_id, message_id, data)
        SELECT workspace_id, CASE state WHEN 'failed' THEN 'message.failed' WHEN 'held' THEN 'message.held' ELSE 'message.updated' END,
            conversation_id, message_id, jsonb_strip_nulls(jsonb_build_object('deliveryId', id, 'channelId', channel_id, 'status', state,
                'reason', reason, 'code', detail, 'possibleDuplicate', possible_duplicate))
        FROM \(source) WHERE \(condition)
        """
    }

    /// Writes that the provider has a part, and applies the receipts that were faster than this (F25).
    ///
    /// - Parameter step: what a request before the message yielded; nil for the message itself.
    static func keep(part: Int, externalID: String?, step: JSON? = nil, of delivery: LoadedDelivery) -> [SQL] {
        let workspace = delivery.workspace.uuid
        let channel = delivery.channel.id.uuid
        var statements: [SQL] = []
        if let externalID { statements.append(ReceiptStatements.lock(workspace: workspace, channel: channel, externalID: externalID)) }
        // A provider that gives one id twice must not keep us from writing what it has: the first keeps the receipts.
        statements.append(
            """
            INSERT INTO delivery_parts (workspace_id, delivery_id, part, state, external_id, channel_id, step)
            SELECT \(workspace), \(delivery.message.delivery.uuid), \(Int16(part)), 'accepted',
                CASE WHEN EXISTS (SELECT FROM delivery_parts
                    WHERE workspace_id = \(workspace) AND channel_id = \(channel) AND external_id = \(externalID)) THEN NULL ELSE \(externalID) END,
                \(channel), \(step.map { JSONText($0.text) })
            ON CONFLICT (workspace_id, delivery_id, part) DO NOTHING
            """
        )
        if let externalID {
            statements.append(ReceiptStatements.mergeWaiting(workspace: workspace, channel: channel, externalID: externalID))
        }
        return statements
    }

    /// Begins anew what had failed, when a person retries its dead letter: a delivery never comes back from its end, so this is another one
    /// of the same message. Parts the provider has are not sent again.
    static func renew(_ delivery: LoadedDelivery, as id: DeliveryID) -> [SQL] {
        let workspace = delivery.workspace.uuid
        return [
            """
            WITH renewed AS (
                INSERT INTO deliveries (workspace_id, id, message_id, conversation_id, channel_id, address, possible_duplicate)
                SELECT workspace_id, \(id.uuid), message_id, conversation_id, channel_id, address,
                    possible_duplicate OR \(delivery.doubtfulPart != nil)
                FROM deliveries WHERE workspace_id = \(workspace) AND id = \(delivery.message.delivery.uuid) RETURNING *
            )
            \(self.events(from: "renewed"))
            """,
            """
            INSERT INTO delivery_parts (workspace_id, delivery_id, part, state, channel_id, step)
            SELECT workspace_id, \(id.uuid), part, 'accepted', channel_id, step FROM delivery_parts
            WHERE workspace_id = \(workspace) AND delivery_id = \(delivery.message.delivery.uuid)
            """,
        ]
    }

    /// Ends a delivery that the queue gave up; a try that was under way may have arrived.
    static func abandon(_ payload: OutboxPayload) -> [SQL] {
        let (workspace, delivery) = (payload.workspace.uuid, payload.delivery.uuid)
        return [
            """
            UPDATE attempts SET ended_at = now(), outcome = \(AttemptOutcome.unknown.rawValue), detail = 'worker_lost'
            WHERE workspace_id = \(workspace) AND delivery_id = \(delivery) AND outcome IS NULL
            """,
            """
            WITH abandoned AS (
                UPDATE deliveries SET state = 'failed', reason = \(DeliveryReason.abandoned.rawValue), detail = NULL, updated_at = now()
                WHERE workspace_id = \(workspace) AND id = \(delivery) AND state = ANY(\(DeliveryState.underWay)) RETURNING *
            )
            \(self.events(from: "abandoned"))
            """,
        ]
    }

    /// The provider says this person wants no more: nothing is sent to them until they write or say otherwise.
    static func stop(_ identity: UUID, in workspace: WorkspaceID) -> SQL {
        """
        UPDATE identities SET stopped_at = now() WHERE workspace_id = \(workspace.uuid) AND id = \(identity) AND stopped_at IS NULL
        """
    }

    /// The account's credentials are refused: shown to the operator, told once.
    static func degrade(_ channel: SealedChannel, why: String) -> SQL {
        """
        WITH degraded AS (
            UPDATE channels SET status = 'degraded', status_why = \(why), updated_at = now()
            WHERE workspace_id = \(channel.workspace.uuid) AND id = \(channel.id.uuid) AND status = 'active' RETURNING workspace_id, id
        )
        INSERT INTO events (workspace_id, type, data)
        SELECT workspace_id, 'channel.degraded', jsonb_build_object('channelId', id, 'reason', \(why)) FROM degraded
        """
    }

    /// The provider took a message again.
    static func recover(_ channel: SealedChannel) -> SQL {
        """
        WITH recovered AS (
            UPDATE channels SET status = 'active', status_why = NULL, updated_at = now()
            WHERE workspace_id = \(channel.workspace.uuid) AND id = \(channel.id.uuid) AND status = 'degraded' RETURNING workspace_id, id
        )
        INSERT INTO events (workspace_id, type, data) SELECT workspace_id, 'channel.recovered', jsonb_build_object('channelId', id) FROM recovered
        """
    }
}
