import HTTPTypes
import HummingbirdCore
import Parley

/// What a sandbox peer does with a request: the answer it gives, what it took, and the hooks it then calls.
struct PeerAnswer: Hashable, Sendable {
    var status: Int
    var body: JSON
    /// Seconds, where the answer is "not now".
    var retryAfter: Int?
    /// A message the peer took.
    var received: ReceivedMessage?
    /// Called one after the other, once the answer is out.
    var hooks: [SignedHook] = []
    /// Instead of `body`: what a broken gateway in front of the provider would say.
    var garbage: String?

    init(status: Int = 200, _ body: JSON, retryAfter: Int? = nil, received: ReceivedMessage? = nil, hooks: [SignedHook] = []) {
        self.status = status
        self.body = body
        self.retryAfter = retryAfter
        self.received = received
        self.hooks = hooks
    }

    static func garbage(_ text: String) -> PeerAnswer {
        var answer = PeerAnswer(.null)
        answer.garbage = text
        return answer
    }

    var response: Response {
        if let garbage { return .text(HTTPResponse.Status(code: self.status), garbage, type: "text/html; charset=utf-8") }
        var headers: HTTPFields = [:]
        if let retryAfter { headers[.retryAfter] = String(retryAfter) }
        return .json(HTTPResponse.Status(code: self.status), self.body, headers: headers)
    }
}
