package import Foundation
import Parley
import Postgres

/// How asking a channel's provider goes: as the channel API shows it.
package struct PollStatus: Hashable, Sendable {
    /// The last that went well; nil when none did yet.
    package var polledAt: Date?
    /// Nil when the channel's settings say that it is not asked.
    package var nextAt: Date?
    /// In a row.
    package var failures: Int
    package var error: String?

    /// Columns of a channel's row; all null when the channel was never asked.
    static let columns: SQL = """
        (SELECT p.failures FROM pollers p WHERE p.workspace_id = channels.workspace_id AND p.channel_id = channels.id) AS poll_failures,
        (SELECT p.error FROM pollers p WHERE p.workspace_id = channels.workspace_id AND p.channel_id = channels.id) AS poll_error,
        (SELECT p.polled_at FROM pollers p WHERE p.workspace_id = channels.workspace_id AND p.channel_id = channels.id) AS polled_at,
        (SELECT nullif(p.due_at, 'infinity') FROM pollers p WHERE p.workspace_id = channels.workspace_id AND p.channel_id = channels.id) AS poll_due_at
        """

    init?(_ row: Row) throws(PostgresError) {
        guard let failures: Int = try row.optional("poll_failures") else { return nil }
        self.failures = failures
        self.error = try row.optional("poll_error")
        self.polledAt = try row.optional("polled_at")
        self.nextAt = try row.optional("poll_due_at")
    }

    var json: JSON {
        [
            "polledAt": self.polledAt.map { .string(Moment.text($0)) } ?? .null,
            "nextAt": self.nextAt.map { .string(Moment.text($0)) } ?? .null, "failures": .integer(self.failures),
            "error": self.error.map(JSON.string) ?? .null,
        ]
    }
}
