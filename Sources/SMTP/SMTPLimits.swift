/// How much, how many and how long. Source: RFC 5321 section 4.5.3.
package struct SMTPLimits: Sendable {
    /// Bytes of one mail; announced as SIZE.
    package var messageBytes = 26_214_400
    /// Bytes of all mails that are under way in one server; beyond it the next is put off with 452.
    package var totalBytes = 134_217_728
    package var recipients = 100
    /// Mailboxes among the recipients of one mail: it is read and stored for each, so they bound what one mail costs.
    package var mailboxes = 10
    /// With CR LF. MAIL may be longer by what its parameters take (RFC 1870 section 3, 6152 section 2, 6531 section 3.4).
    package var commandLine = 512
    package var mailLine = 565
    /// RFC 4954 section 4.
    package var authenticationLine = 12_288
    /// The next error ends the session. A mail that goes through is forgiven all before it.
    package var errors = 20
    /// From this error on each answer comes late.
    package var promptErrors = 10
    package var tarpit = Duration.milliseconds(500)
    package var failedLogins = 3

    /// For the next command to begin.
    package var idle = Duration.seconds(300)
    /// For a command that has begun to end, and for the TLS handshake.
    package var line = Duration.seconds(30)
    /// For one whole DATA or BDAT, from the go-ahead to the last byte.
    package var data = Duration.seconds(600)
    /// For the client to take a reply.
    package var write = Duration.seconds(60)

    package var sessions = 1_000
    /// From one IPv4 address or one IPv6 /64.
    package var sessionsOfPeer = 100

    package init() {}
}
