/// Why a request that was understood makes no message: counted by it, so the words are a metric's.
package enum IgnoredReason: String, Hashable, Sendable {
    /// It says nothing that concerns us: an event of another kind, an echo of our own, a page without news.
    case nothing = "ignored"
    /// Our own mail came back (B101).
    case loop
    /// A machine's report on a mail of ours that changes nothing: it is delayed, or was deleted unread. Its bytes are kept, as an operator
    /// who looks for that mail wants to see them.
    case report
}
