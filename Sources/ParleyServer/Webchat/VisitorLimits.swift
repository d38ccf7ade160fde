import Channels
import Foundation
import HTTPTypes
import HummingbirdCore
import Parley
import Postgres

/// How much one visitor, and one address, may ask for. Generous by address: many people share one behind a proxy.
struct VisitorLimits: Sendable {
    private let sessions = RateLimiter(.init(perSecond: 10, burst: 200))
    private let messages = RateLimiter(.init(perSecond: 1, burst: 20))
    private let messagesByPeer = RateLimiter(.init(perSecond: 50, burst: 500))
    private let files = RateLimiter(.init(perSecond: 0.2, burst: 10))
    private let filesByPeer = RateLimiter(.init(perSecond: 2, burst: 50))
    private let typing = RateLimiter(.init(perSecond: 0.5, burst: 5))
    private let others = RateLimiter(.init(perSecond: 5, burst: 50))

    func session(_ peer: String) throws(Problem) { try Self.take(self.sessions, peer) }
    func message(_ call: Webchat.Call) throws(Problem) {
        try Self.take(self.messages, Self.subject(call))
        try Self.take(self.messagesByPeer, call.request.peer)
    }
    func file(_ call: Webchat.Call) throws(Problem) {
        try Self.take(self.files, Self.subject(call))
        try Self.take(self.filesByPeer, call.request.peer)
    }
    func other(_ call: Webchat.Call) throws(Problem) { try Self.take(self.others, Self.subject(call)) }
    /// Too much typing is no error: it is only not told.
    func mayTellTyping(_ call: Webchat.Call) -> Bool { self.typing.take(Self.subject(call)) == nil }

    private static func subject(_ call: Webchat.Call) -> String { "\(call.channel.id) \(call.visitor.device)" }

    private static func take(_ limiter: RateLimiter, _ subject: String) throws(Problem) {
        if let wait = limiter.take(subject) { throw .tooManyRequests(limiter.rule, retryAfter: wait) }
    }
}
