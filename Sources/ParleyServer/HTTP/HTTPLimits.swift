/// What one HTTP connection may cost. Sizes in bytes.
package struct HTTPLimits: Sendable {
    package var requestTarget = 8 * 1024
    package var headerLine = 8 * 1024
    package var headerSection = 32 * 1024
    package var headerCount = 64
    package var body = 4 * 1024 * 1024
    package var connections = 4096

    // Total deadlines, not idle times: a byte a second does not move them (F14).
    package var headerDeadline: Duration = .seconds(10)
    package var bodyDeadline: Duration = .seconds(30)
    /// From the first byte of an answer that the peer has not taken until it has taken all of them.
    package var writeDeadline: Duration = .seconds(30)
    /// How long a connection may wait between two requests.
    package var idle: Duration = .seconds(60)
    /// How long a peer may take to read our last answer before the socket closes on it.
    package var linger: Duration = .seconds(2)

    package init() {}
}
