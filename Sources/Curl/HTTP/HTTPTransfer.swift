/// One HTTP request, and how long it may take. Holds secrets in headers and body: never logged.
package struct HTTPTransfer: Hashable, Sendable {
    /// `GET`, `POST`, …: an HTTP token.
    package var method: String
    /// Absolute, `http` or `https`, without user information.
    package var url: String
    package var headers: [String: String]
    package var body: [UInt8]
    /// For everything together: name look-up, connection, TLS, request and the whole answer. One millisecond or more.
    package var deadline: Duration
    /// For name look-up, connection and TLS alone.
    package var connectDeadline: Duration
    /// Bytes of body that are read of an answer; one more is `.tooLarge`.
    package var answerLimit: Int

    package init(
        method: String,
        url: String,
        headers: [String: String] = [:],
        body: [UInt8] = [],
        deadline: Duration = .seconds(30),
        connectDeadline: Duration = .seconds(10),
        answerLimit: Int = 1_000_000
    ) {
        self.method = method
        self.url = url
        self.headers = headers
        self.body = body
        self.deadline = deadline
        self.connectDeadline = connectDeadline
        self.answerLimit = answerLimit
    }
}
