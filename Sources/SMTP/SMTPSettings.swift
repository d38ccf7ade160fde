/// What one server offers and allows.
package struct SMTPSettings: Sendable {
    /// LMTP differs in its hello, and answers once for each recipient at the end of a mail (RFC 2033).
    package enum Dialect: String, Sendable, CaseIterable { case smtp, lmtp }
    /// Whether clients may, or must, say who they are (RFC 4954).
    package enum Authentication: String, Sendable, CaseIterable { case off, optional, required }

    /// Our own name: in the greeting and in `Received:`.
    package var hostname: String
    package var dialect: Dialect
    package var authentication: Authentication
    package var limits: SMTPLimits

    package init(
        hostname: String,
        dialect: Dialect = .smtp,
        authentication: Authentication = .off,
        limits: SMTPLimits = SMTPLimits()
    ) {
        self.hostname = hostname
        self.dialect = dialect
        self.authentication = authentication
        self.limits = limits
    }
}
