package import Foundation
package import Parley
package import Postgres

/// Applies what providers report of our messages, in any order, any number of times.
///
/// A report whose message nobody knows yet is kept: the provider can be faster than our own commit (F25). The commit that brings the id
/// applies it then. An advisory lock on the id makes one of the two see the other.
package struct DeliveryReceipts: Sendable {
    package init() {}

    /// One receipt as it came over a channel.
    package struct Report: Hashable, Sendable {
        package var workspace: UUID
        package var channel: UUID
        package var receipt: Receipt
        package init(workspace: UUID, channel: UUID, receipt: Receipt) {
            self.workspace = workspace
            self.channel = channel
            self.receipt = receipt
        }
    }

    /// What the threader runs in its own transaction.
    package func statements(for receipts: [ThreadingPlan.PassedReceipt]) -> [SQL] {
        Self.statements(for: receipts.map { Report(workspace: $0.workspace.uuid, channel: $0.channel.uuid, receipt: $0.receipt) })
    }

    /// The statements that apply `reports`, to be run in this order in one transaction (read committed: each must see what was
    /// committed while it waited for a lock). Empty for none.
    package static func statements(for reports: [Report]) -> [SQL] {
        guard !reports.isEmpty else { return [] }
        let told = Self.told(reports)
        return [
            // Only ids without a message are locked: the others cannot miss each other.
            """
            SELECT pg_advisory_xact_lock(\(ReceiptStatements.lockKey(of: "u"))) FROM (
                SELECT DISTINCT workspace_id, channel_id, external_id FROM (\(told)) t WHERE NOT EXISTS (\(Self.part(of: "t"))) ORDER BY 1, 2, 3
            ) u
            """,
            """
            SELECT d.id FROM deliveries d WHERE (d.workspace_id, d.id) IN (
                SELECT p.workspace_id, p.delivery_id FROM (\(told)) t JOIN delivery_parts p USING (workspace_id, channel_id, external_id)
            ) ORDER BY d.workspace_id, d.id FOR UPDATE
            """,
            ReceiptStatements.merge(told),
            ReceiptStatements.aggregate(
                "SELECT DISTINCT p.workspace_id, p.delivery_id FROM (\(told)) t JOIN delivery_parts p USING (workspace_id, channel_id, external_id)"
            ),
            """
            INSERT INTO receipts_unmatched (workspace_id, channel_id, external_id, status, code, detail)
            SELECT workspace_id, channel_id, external_id, status, code, detail FROM (\(told)) t WHERE NOT EXISTS (\(Self.part(of: "t")))
            ON CONFLICT DO NOTHING
            """,
        ]
    }

    private static func told(_ reports: [Report]) -> SQL {
        """
        SELECT * FROM unnest(\(reports.map(\.workspace)), \(reports.map(\.channel)), \(reports.map(\.receipt.externalID)),
            \(reports.map(\.receipt.status.rawValue)), \(reports.map(\.receipt.code)), \(reports.map(\.receipt.detail)))
            AS r (workspace_id, channel_id, external_id, status, code, detail)
        """
    }

    private static func part(of report: SQL) -> SQL {
        """
        SELECT FROM delivery_parts p WHERE p.workspace_id = \(report).workspace_id AND p.channel_id = \(report).channel_id
            AND p.external_id = \(report).external_id
        """
    }
}

/// What receipts and the courier's own commit have in common.
enum ReceiptStatements {
    /// The states a receipt can bring, lowest first: a state's place is its rank.
    private static let ladder = DeliveryState.allCases.filter(\.isOver).sorted { $0.rank < $1.rank }.map(\.rawValue)
    private static let ends = DeliveryState.allCases.filter(\.isEnd).map(\.rawValue)

    static func lockKey(of row: SQL) -> SQL {
        "hashtextextended(\(row).workspace_id::text || \(row).channel_id::text || \(row).external_id, 0)"
    }

    static func lock(workspace: UUID, channel: UUID, externalID: String) -> SQL {
        """
        SELECT pg_advisory_xact_lock(\(Self.lockKey(of: "u")))
        FROM (SELECT \(workspace) AS workspace_id, \(channel) AS channel_id, \(externalID) AS external_id) u
        """
    }

    /// Raises each part to the highest state told of it. Told twice, or too late, changes nothing.
    ///
    /// - Parameter told: a query with workspace_id, channel_id, external_id, status, code.
    static func merge(_ told: SQL, from prelude: SQL = "") -> SQL {
        """
        WITH \(prelude) best AS (
            SELECT DISTINCT ON (workspace_id, channel_id, external_id) workspace_id, channel_id, external_id, status, code
            FROM (\(told)) t ORDER BY workspace_id, channel_id, external_id, array_position(\(Self.ladder), status) DESC
        )
        UPDATE delivery_parts p SET state = best.status, code = best.code, updated_at = now() FROM best
        WHERE p.workspace_id = best.workspace_id AND p.channel_id = best.channel_id AND p.external_id = best.external_id
            AND array_position(\(Self.ladder), best.status) > array_position(\(Self.ladder), p.state)
        """
    }

    static func mergeWaiting(workspace: UUID, channel: UUID, externalID: String) -> SQL {
        Self.merge(
            "SELECT * FROM waiting",
            from: """
                waiting AS (
                    DELETE FROM receipts_unmatched
                    WHERE workspace_id = \(workspace) AND channel_id = \(channel) AND external_id = \(externalID) RETURNING *
                ),
                """
        )
    }

    /// Brings deliveries whose parts have all left to the state their parts make together, and tells of it.
    ///
    /// - Parameter deliveries: a query with workspace_id and delivery_id.
    static func aggregate(_ deliveries: SQL) -> SQL {
        """
        WITH whole AS (
            SELECT w.workspace_id, w.delivery_id,
                CASE WHEN bool_or(p.state = ANY (\(Self.ends))) THEN max(array_position(\(Self.ladder), p.state))
                    ELSE min(array_position(\(Self.ladder), p.state)) END AS rank,
                max(p.code) FILTER (WHERE p.state = ANY (\(Self.ends))) AS code
            FROM (\(deliveries)) w JOIN delivery_parts p ON p.workspace_id = w.workspace_id AND p.delivery_id = w.delivery_id
                AND p.step IS NULL
            GROUP BY w.workspace_id, w.delivery_id
        ), changed AS (
            UPDATE deliveries d SET state = (\(Self.ladder))[whole.rank], updated_at = now(), detail = whole.code,
                reason = CASE (\(Self.ladder))[whole.rank] WHEN 'failed' THEN 'undelivered' WHEN 'cancelled' THEN 'cancelled' ELSE NULL END
            FROM whole WHERE d.workspace_id = whole.workspace_id AND d.id = whole.delivery_id
                AND whole.rank > array_position(\(Self.ladder), d.state)
            RETURNING d.*
        )
        \(DeliveryStatements.events(from: "changed"))
        """
    }
}
