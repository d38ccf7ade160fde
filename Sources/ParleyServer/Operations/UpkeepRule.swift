import Postgres

/// What is deleted of one table: rows that were kept long enough.
struct UpkeepRule: Sendable {
    /// How the old rows are found without reading the whole table again and again.
    enum Search: Sendable {
        /// In an index by workspace, channel and id, channel after channel, each up to its own age: ids rise with time. The channels are
        /// read off the index, so that those that are gone count as well. `age`: an interval; `c` is the channel, all null when it is gone.
        case byChannel(age: SQL)
        /// In one slice of the table each time: an index would cost every write more than it is worth. `r` is the row.
        case bySlice(where: SQL)
    }

    var table: SQL
    var search: Search

    /// Rows deleted at once.
    static let batch = 1000

    static let all = [
        // A channel's own retention counts; what it deleted goes after the shortest time.
        Self(
            table: "inbound_requests",
            search: .byChannel(age: "make_interval(days => coalesce((c.policy ->> 'retentionDays')::integer, 7))")
        ),
        // Never before the bytes they stand for: a replay must still find what was stored (I2: 7 days or more).
        Self(
            table: "inbound_keys",
            search: .bySlice(
                where: """
                    r.received_at < now() - interval '8 days' AND NOT EXISTS (SELECT FROM channels c
                        WHERE c.workspace_id = r.workspace_id AND c.id = r.channel_id
                            AND r.received_at >= now() - make_interval(days => 1 + (c.policy ->> 'retentionDays')::integer) OFFSET 0)
                    """
            )
        ),
        // A day is promised (I12).
        Self(table: "idempotency", search: .bySlice(where: "r.created_at < now() - interval '48 hours'")),
        Self(table: "receipts_unmatched", search: .bySlice(where: "r.received_at < now() - interval '7 days'")),
        Self(table: "send_budgets", search: .bySlice(where: "r.next_at < now() - interval '1 day'")),
    ]

    /// Deletes up to `batch` rows and answers one for each. By `ctid`: the rows are found once and deleted where they stand.
    ///
    /// - Parameters:
    ///   - turn: which slice is looked at, counted round and round.
    ///   - pages: how many pages are a slice.
    func statement(_ turn: Int, pages: Int = 1000) -> SQL {
        let rows =
            switch self.search {
            case .byChannel(let age): self.rows(byChannel: age)
            case .bySlice(let condition): self.rows(inSlice: turn, of: pages, where: condition)
            }
        return "DELETE FROM \(self.table) WHERE ctid = ANY(ARRAY(\(rows) LIMIT \(Self.batch))) RETURNING 1"
    }

    /// `OFFSET 0` makes each channel's bound a plain value, which an index can be asked for under row level security as well.
    private func rows(byChannel age: SQL) -> SQL {
        """
        WITH RECURSIVE present AS (
            (SELECT workspace_id, channel_id FROM \(self.table) ORDER BY workspace_id, channel_id LIMIT 1)
            UNION ALL
            SELECT r.* FROM present p CROSS JOIN LATERAL (SELECT r.workspace_id, r.channel_id FROM \(self.table) r
                WHERE (r.workspace_id, r.channel_id) > (p.workspace_id, p.channel_id) ORDER BY r.workspace_id, r.channel_id LIMIT 1) r
        )
        SELECT r.ctid
        FROM (SELECT p.workspace_id, p.channel_id, uuid7_bound(now() - \(age)) AS until
            FROM present p LEFT JOIN channels c ON c.id = p.channel_id OFFSET 0) p
        CROSS JOIN LATERAL (SELECT r.ctid FROM \(self.table) r
            WHERE r.workspace_id = p.workspace_id AND r.channel_id = p.channel_id AND r.id < p.until ORDER BY r.id LIMIT \(Self.batch)) r
        """
    }

    private func rows(inSlice turn: Int, of pages: Int, where condition: SQL) -> SQL {
        """
        WITH slice AS (
            SELECT \(pages) * (\(turn) % greatest(1, ceil(pg_relation_size('\(self.table)')
                / current_setting('block_size')::numeric / \(pages)))::bigint) AS first
        )
        SELECT r.ctid FROM \(self.table) r
        WHERE r.ctid >= (SELECT format('(%s,0)', first)::tid FROM slice) AND r.ctid < (SELECT format('(%s,0)', first + \(pages))::tid FROM slice)
            AND \(condition)
        """
    }
}
