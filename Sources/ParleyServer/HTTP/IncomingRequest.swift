package import Foundation
package import HTTPTypes

/// One whole HTTP request: its head passed the limits, its body is here.
package struct IncomingRequest: Sendable {
    /// Ours, never the caller's: it stands in the answer, the log and the audit.
    package var id: String
    package var method: HTTPRequest.Method
    /// The `Host` it was sent to, as received.
    package var authority: String?
    /// As received, still percent-encoded.
    package var path: String
    /// As received, without the `?`; nil when there was none.
    package var query: String?
    package var headers: HTTPFields
    package var body: [UInt8]
    /// What stood in the route's `:name` places, decoded.
    package var parameters: [String: String] = [:]
    /// The peer's IP address, as text.
    package var peer: String
    package var at: Date

    package init(
        id: String,
        method: HTTPRequest.Method,
        authority: String? = nil,
        path: String,
        query: String? = nil,
        headers: HTTPFields = [:],
        body: [UInt8] = [],
        peer: String = "",
        at: Date
    ) {
        self.id = id
        self.method = method
        self.authority = authority
        self.path = path
        self.query = query
        self.headers = headers
        self.body = body
        self.peer = peer
        self.at = at
    }

    /// The query's pairs in order, decoded; `+` is a space. A pair that is no valid encoding is kept as it came.
    package var queryItems: [(name: String, value: String)] {
        (self.query ?? "").split(separator: "&").map { pair in
            let sides = pair.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false).map(Self.formDecoded)
            return (sides[0], sides.count > 1 ? sides[1] : "")
        }
    }

    private static func formDecoded(_ text: Substring) -> String {
        let spaced = text.replacing("+", with: " ")
        return spaced.removingPercentEncoding ?? String(spaced)
    }
}
