/// What one mail may cost (B88–B91, I16).
package struct MailBudget: Hashable, Sendable {
    package var parts = 1_000
    /// Of the mail itself, and of each of its parts.
    package var headers = 1_000
    /// Of all parts together.
    package var allHeaders = 10_000
    /// One field with its folded lines.
    package var headerBytes = 100_000
    package var depth = 100
    package var hops = 50
    package var bytes = 64_000_000

    package static let standard = MailBudget()
}
