import Channels
import Foundation
import Parley

/// Answers the part of Slack's Web API that a bridge calls, and signs the events it sends.
///
/// | channel | outcome of `chat.postMessage` |
/// |---|---|
/// | C0MISSING1 | `channel_not_found` |
/// | C0ARCHIVE1 | `is_archived` |
/// | C0LIMITED1 | 429 with Retry-After 1 the first time, then taken |
/// | C0BROKEN01 | taken, but the answer is a web page |
/// | any other | taken |
///
/// Source: docs.slack.dev, "chat.postMessage", "Web API: evaluating responses", "Rate limits".
struct SlackPeer: Hashable, Sendable {
    var botToken: String
    var signingSecret: String
    var hookURL: String

    static let team = "T0TEAM001"
    static let bot = "B0BOT0001"
    static let botUser = "U0BOT0001"

    /// - Parameters:
    ///   - method: `chat.postMessage`
    ///   - taken: the messages the sandbox still remembers.
    ///   - isFirst: whether this text to this channel was not asked for before.
    func call(_ method: String, authorization: String?, arguments: JSON, taken: [ReceivedMessage], isFirst: Bool, at date: Date)
        -> PeerAnswer
    {
        guard let authorization else { return Self.refusal("not_authed") }
        guard Crypto.equal(Array(authorization.utf8), Array("Bearer \(self.botToken)".utf8)) else { return Self.refusal("invalid_auth") }
        switch method {
        case "api.test": return PeerAnswer(["ok": true])
        case "auth.test":
            return PeerAnswer([
                "ok": true, "url": "https://sandbox.slack.com/", "team": "Sandbox", "user": "parley", "team_id": .string(Self.team),
                "user_id": .string(Self.botUser), "bot_id": .string(Self.bot), "is_enterprise_install": false,
            ])
        case "chat.postMessage": return self.post(arguments, isFirst: isFirst, at: date)
        case "chat.update", "chat.delete":
            guard let channel = arguments["channel"]?.string, let ts = arguments["ts"]?.string,
                taken.contains(where: { $0.adapter == "slack" && $0.to == channel && $0.id == ts })
            else { return Self.refusal("message_not_found") }
            return PeerAnswer(["ok": true, "channel": .string(channel), "ts": .string(ts), "text": arguments["text"] ?? ""])
        case "conversations.open":
            guard let user = arguments["users"]?.string else { return Self.refusal("users_list_not_supplied") }
            return PeerAnswer(["ok": true, "channel": ["id": .string("D" + user.dropFirst())]])
        case "users.info":
            guard let user = arguments["user"]?.string else { return Self.refusal("user_not_found") }
            return PeerAnswer(["ok": true, "user": ["id": .string(user), "name": .string(user.lowercased()), "is_bot": false]])
        default: return Self.refusal("unknown_method")
        }
    }

    /// A person writes in a channel, or to the bot alone where the channel's name begins with D.
    func inbound(user: String, channel: String, text: String, thread: String?, at date: Date) -> SignedHook {
        let ts = Self.timestamp(date)
        var event: [String: JSON] = [
            "type": "message", "channel": .string(channel), "user": .string(user), "text": .string(Self.escaped(text)), "ts": .string(ts),
            "event_ts": .string(ts), "channel_type": channel.hasPrefix("D") ? "im" : "channel", "team": .string(Self.team),
        ]
        if let thread { event["thread_ts"] = .string(thread) }
        let body: JSON = [
            "type": "event_callback", "team_id": .string(Self.team), "api_app_id": "A0APP0001", "event": .object(event),
            "event_id": .string("Ev" + UUID().uuidString.replacing("-", with: "").prefix(10)),
            "event_time": .integer(Int(date.timeIntervalSince1970)),
            "authorizations": [["team_id": .string(Self.team), "user_id": .string(Self.botUser), "is_bot": true]],
        ]
        return .slack(url: self.hookURL, body: Array(body.text.utf8), signingSecret: self.signingSecret, at: date)
    }

    private func post(_ arguments: JSON, isFirst: Bool, at date: Date) -> PeerAnswer {
        guard let channel = arguments["channel"]?.string, !channel.isEmpty else { return Self.refusal("channel_not_found") }
        let text = arguments["text"]?.string ?? ""
        guard !text.isEmpty || arguments["blocks"] != nil else { return Self.refusal("no_text") }
        guard text.count <= 40_000 else { return Self.refusal("msg_too_long") }
        switch (channel, isFirst) {
        case ("C0MISSING1", _): return Self.refusal("channel_not_found")
        case ("C0ARCHIVE1", _): return Self.refusal("is_archived")
        case ("C0LIMITED1", true): return PeerAnswer(status: 429, ["ok": false, "error": "ratelimited"], retryAfter: 1)
        default: break
        }
        let ts = Self.timestamp(date)
        let thread = arguments["thread_ts"]?.string
        var message: [String: JSON] = [
            "type": "message", "subtype": "bot_message", "bot_id": .string(Self.bot), "text": .string(text), "ts": .string(ts),
        ]
        if let thread { message["thread_ts"] = .string(thread) }
        let received = ReceivedMessage(
            adapter: "slack",
            channel: Self.botUser,
            to: channel,
            text: Self.unescaped(text),
            thread: thread,
            id: ts,
            at: date
        )
        var answer = PeerAnswer(
            ["ok": true, "channel": .string(channel), "ts": .string(ts), "message": .object(message)],
            received: received
        )
        if channel == "C0BROKEN01" { answer.garbage = "<html><body><h1>502 Bad Gateway</h1></body></html>" }
        return answer
    }

    /// Slack says no inside a 200.
    private static func refusal(_ error: String) -> PeerAnswer { PeerAnswer(["ok": false, "error": .string(error)]) }

    /// `1772441995.000101`: seconds and microseconds, unique in its channel.
    static func timestamp(_ date: Date) -> String {
        let microseconds = Int(date.timeIntervalSince1970 * 1_000_000)
        let fraction = String(microseconds % 1_000_000)
        return "\(microseconds / 1_000_000).\(String(repeating: "0", count: 6 - fraction.count))\(fraction)"
    }

    /// Only three characters are escaped in Slack's text.
    private static func escaped(_ text: String) -> String {
        text.replacing("&", with: "&amp;").replacing("<", with: "&lt;").replacing(">", with: "&gt;")
    }
    private static func unescaped(_ text: String) -> String {
        text.replacing("&lt;", with: "<").replacing("&gt;", with: ">").replacing("&amp;", with: "&")
    }
}
