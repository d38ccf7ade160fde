import Parley
import Postgres

/// A promise that a query can check on a live system: it counts the rows that break it, so 0 is well.
package struct Invariant: Sendable {
    /// `I6`, as in CONTRIBUTING.md, "What always holds".
    package let number: String
    package let promise: String
    let violations: SQL

    /// What the courier promises of deliveries, and the rest.
    package static let all =
        [
            Invariant(
                number: "I2",
                promise: "one provider event is one message",
                violations: """
                    SELECT count(*) AS violations FROM (SELECT FROM messages WHERE external_id IS NOT NULL AND direction = 'inbound'
                        GROUP BY workspace_id, channel_id, external_id HAVING count(*) > 1) x
                    """
            ),
            Invariant(
                number: "I5",
                promise: "an attempt is written down before anything is sent",
                violations: """
                    SELECT count(*) AS violations FROM deliveries d WHERE d.state = ANY(\(DeliveryState.handedOver))
                        AND NOT EXISTS (SELECT FROM attempts a WHERE a.workspace_id = d.workspace_id AND a.delivery_id = d.id)
                    """
            ),
            Invariant(
                number: "I9",
                promise: "no row names another workspace's",
                violations: """
                    SELECT (SELECT count(*) FROM messages m JOIN conversations c ON c.id = m.conversation_id AND c.workspace_id <> m.workspace_id)
                        + (SELECT count(*) FROM conversations c JOIN channels h ON h.id = c.channel_id AND h.workspace_id <> c.workspace_id)
                        + (SELECT count(*) FROM deliveries d JOIN messages m ON m.id = d.message_id AND m.workspace_id <> d.workspace_id)
                        + (SELECT count(*) FROM identities i JOIN contacts p ON p.id = i.contact_id AND p.workspace_id <> i.workspace_id)
                        AS violations
                    """
            ),
            Invariant(
                number: "I9",
                promise: "row level security is forced wherever there are workspaces",
                violations: """
                    SELECT count(*) AS violations FROM information_schema.columns c JOIN pg_class t ON t.oid = format('%I.%I', c.table_schema, c.table_name)::regclass
                        WHERE c.table_schema = current_schema() AND c.column_name = 'workspace_id' AND t.relkind = 'r'
                        AND NOT (t.relrowsecurity AND t.relforcerowsecurity)
                    """
            ),
            Invariant(
                number: "I14",
                promise: "keys are kept as hashes, settings and kept answers sealed",
                violations: """
                    SELECT (SELECT count(*) FROM api_keys WHERE octet_length(hash) <> 32)
                        + (SELECT count(*) FROM channels WHERE get_byte(settings, 0) = 123)
                        + (SELECT count(*) FROM idempotency WHERE octet_length(body) > 0 AND get_byte(body, 0) <> 1) AS violations
                    """
            ),
        ] + DeliveryInvariants.all.map { Invariant(number: $0.name, promise: "no \($0.what)", violations: $0.query) }
}
