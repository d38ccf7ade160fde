import Foundation
import Parley

/// One message that a sandbox peer took, as `GET /sandbox/messages` shows it.
struct ReceivedMessage: Hashable, Sendable {
    var adapter: String
    /// Our side: the number or the bot that sent it.
    var channel: String
    /// Their side: the number or the Slack channel it is for.
    var to: String
    var text: String
    var thread: String?
    var media: [String] = []
    /// What the peer calls it: a Twilio sid, a Slack ts.
    var id: String
    var at: Date
    /// The mail it came as.
    var mail: SandboxMail?

    var json: JSON {
        var members: [String: JSON] = [
            "adapter": .string(self.adapter), "channel": .string(self.channel), "to": .string(self.to), "text": .string(self.text),
            "thread": self.thread.map(JSON.string) ?? .null, "media": .array(self.media.map(JSON.string)), "id": .string(self.id),
            "at": .string(self.at.formatted(Date.ISO8601FormatStyle(includingFractionalSeconds: true))),
        ]
        if let mail {
            members["subject"] = .string(mail["Subject"] ?? "")
            members["from"] = .string(mail["From"] ?? "")
            members["headers"] = .object(Dictionary(mail.fields.map { ($0.name, .string($0.value)) }) { first, _ in first })
        }
        return .object(members)
    }
}
