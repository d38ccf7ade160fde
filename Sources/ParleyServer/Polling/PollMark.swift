package import Parley
import Postgres

/// What one round of asking changes of its channel's row in `pollers`; written in the commit of what it brought, and only while the claim
/// it was made under still stands.
package struct PollMark: Hashable, Sendable {
    package var workspace: WorkspaceID
    package var channel: ChannelID
    package var claim: Int64
    /// Where to go on; nil: where it was.
    package var cursor: JSON?
    /// From now until the channel is due again; nil leaves the claim's own time.
    package var wait: Duration?
    /// Fixed words, no text of a message; nil when it went well.
    package var error: String?

    package init(
        workspace: WorkspaceID,
        channel: ChannelID,
        claim: Int64,
        cursor: JSON? = nil,
        wait: Duration? = nil,
        error: String? = nil
    ) {
        self.workspace = workspace
        self.channel = channel
        self.claim = claim
        self.cursor = cursor
        self.wait = wait
        self.error = error
    }
}

extension PollMark {
    /// Names the channels whose claim still stood.
    static func update(_ marks: [PollMark]) -> SQL {
        """
        UPDATE pollers p SET cursor = coalesce(m.cursor, p.cursor), error = m.error,
            due_at = coalesce(now() + make_interval(secs => m.wait), p.due_at),
            failures = CASE WHEN m.error IS NULL THEN 0 ELSE p.failures + 1 END,
            polled_at = CASE WHEN m.error IS NULL THEN now() ELSE p.polled_at END
        FROM unnest(\(marks.map(\.workspace.uuid)), \(marks.map(\.channel.uuid)), \(marks.map(\.claim)),
            \(marks.map { mark in mark.cursor.map { JSONText($0.text) } }), \(marks.map { mark in mark.wait.map { $0 / .seconds(1) } }),
            \(marks.map(\.error))) AS m (workspace_id, channel_id, claim, cursor, wait, error)
        WHERE p.workspace_id = m.workspace_id AND p.channel_id = m.channel_id AND p.claim = m.claim
        RETURNING p.channel_id
        """
    }
}
