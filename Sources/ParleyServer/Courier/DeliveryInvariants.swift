import Parley
package import Postgres

/// What must always hold of deliveries (invariants I3, I4, I6): each counts the rows that break it, over all workspaces.
package enum DeliveryInvariants {
    /// I3: a message that was accepted gets to an end: its delivery is over, or a job stands for it. One equality, so that the jobs are hashed
    /// once however many deliveries wait.
    package static let stranded: SQL = """
        SELECT count(*) AS violations FROM deliveries d
        WHERE d.state = ANY(\(DeliveryState.underWay)) AND d.created_at < now() - interval '1 minute'
            AND NOT EXISTS (
                SELECT FROM jobs j WHERE j.queue = 'outbox' AND convert_from(j.payload, 'UTF8')::jsonb ->> 'delivery' = d.id::text
            )
        """

    /// I4: a part that was tried again after a try that may have arrived is flagged.
    package static let unflaggedDuplicates: SQL = """
        SELECT count(*) AS violations FROM deliveries d WHERE NOT d.possible_duplicate AND EXISTS (
            SELECT FROM attempts a JOIN attempts b USING (workspace_id, delivery_id, part)
            WHERE a.workspace_id = d.workspace_id AND a.delivery_id = d.id AND b.number > a.number
                AND a.outcome = ANY (ARRAY['unknown', 'accepted']) AND b.outcome IS DISTINCT FROM 'cancelled'
        )
        """

    /// I6: nothing leaves before what was posted earlier in its conversation and channel is over; `seq` has no gap.
    package static let outOfOrder: SQL = """
        SELECT (
            SELECT count(*) FROM (
                SELECT m.workspace_id, d.channel_id, m.conversation_id, m.seq,
                    (SELECT min(a.started_at) FROM attempts a WHERE a.workspace_id = d.workspace_id AND a.delivery_id = d.id) AS started,
                    d.state, d.updated_at
                FROM deliveries d JOIN messages m ON m.workspace_id = d.workspace_id AND m.id = d.message_id
                WHERE d.created_at > now() - interval '7 days'
            ) later JOIN deliveries e ON e.workspace_id = later.workspace_id AND e.conversation_id = later.conversation_id
                AND e.channel_id = later.channel_id AND e.state = ANY(\(DeliveryState.underWay))
            JOIN messages n ON n.workspace_id = e.workspace_id AND n.id = e.message_id AND n.seq < later.seq
            WHERE later.started IS NOT NULL AND later.started > e.created_at
        ) + (
            SELECT count(*) FROM (
                SELECT count(*) AS messages, max(seq) AS highest FROM messages GROUP BY workspace_id, conversation_id
            ) c WHERE messages <> highest
        ) AS violations
        """

    /// By the invariant's name, as `doctor --invariants` shows them.
    package static let all: [(name: String, what: String, query: SQL)] = [
        ("I3", "accepted messages that nobody is working on", Self.stranded),
        ("I4", "possible duplicates that are not flagged", Self.unflaggedDuplicates),
        ("I6", "messages handed over before an earlier one was over, and gaps in seq", Self.outOfOrder),
    ]
}
