/// What one HTTP connection may cost. Sizes in bytes.
package struct HTTPLimits: Sendable {
    package var requestTarget = 8 * 1024
    package var headerLine = 8 * 1024
    package var headerSection = 32 * 1024
    package var headerCount = 64
    package var body = 4 * 1024 * 1024
    /// Of the bodies of all requests together, until they are answered.
    package var bodies = 256 * 1024 * 1024
    package var connections = FileLimit.connections(12_288)
    /// Event streams at once; each holds one of the connections.
    package var streams = 8_192
    /// How large a body may be at a target that takes files; nil at every other one. Such a body may take `uploadDeadline`.
    package var upload: @Sendable (_ target: String) -> Int? = { _ in nil }

    // Total deadlines, not idle times: a byte a second does not move them (F14).
    package var headerDeadline: Duration = .seconds(10)
    package var bodyDeadline: Duration = .seconds(30)
    package var uploadDeadline: Duration = .seconds(120)
    /// From the first byte of an answer that the peer has not taken until it has taken all of them.
    package var writeDeadline: Duration = .seconds(30)
    /// How long a connection may wait between two requests.
    package var idle: Duration = .seconds(60)
    /// How long a peer may take to read our last answer before the socket closes on it.
    package var linger: Duration = .seconds(2)
    /// How often a silent event stream says that it lives.
    package var heartbeat: Duration = .seconds(15)

    package init() {}
}
