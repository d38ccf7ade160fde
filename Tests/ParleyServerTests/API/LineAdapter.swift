import Foundation
import Parley

/// An adapter for tests: signed by a token, its body is lines of `id sender text`.
struct LineAdapter: Adapter {
    let name = AdapterName(rawValue: "plain")!
    let kind = "sms"
    let summary = "Lines of text"
    let settings = SettingsSchema(properties: [
        "token": .init(kind: .string, isSecret: true),
        "from": .init(kind: .string, format: "e164"),
        "api_base": .init(kind: .string, defaultValue: "https://plain.example", format: "uri"),
    ])
    let capabilities = Capabilities(textEncoding: .unicode, textLimit: 1000, mediaCount: 10, mediaBytes: 1_000_000, buttons: .text)
    let limits = SendLimits(perSecond: 100, perRecipientSeconds: 0)

    func receive(_ request: HookRequest, for channel: ChannelContext) async throws(AdapterError) -> Received {
        let verifies = request.headers["x-token"] == channel.settings["token"]?.string
        if channel.verification == .enforce, !verifies {
            return Received(.refused(code: "bad_signature", detail: "The token is not the channel's."))
        }
        return Received(try self.reception(of: request), wouldRefuse: channel.verification == .shadow && !verifies ? "bad_signature" : nil)
    }

    private func reception(of request: HookRequest) throws(AdapterError) -> Reception {
        switch request.route {
        case nil: break
        case "broken": throw AdapterError(.badExpression, "test")
        case "challenge": return .answered(HookAnswer(headers: ["content-type": "text/plain"], body: "challenge"))
        default: return .notFound
        }
        let lines = String(decoding: request.body, as: UTF8.self).split(separator: "\n")
        if lines == ["report"] { return .ignored(.report, HookAnswer()) }
        guard lines.count <= 100 else { return .tooLarge }
        var events: [InboundEvent] = []
        for line in lines where line != "ignored" {
            let words = line.split(separator: " ", maxSplits: 2)
            guard words.count == 3 else { return .quarantined(reason: "a line has too few words", HookAnswer(body: "kept")) }
            let from = Address(space: AddressSpace(rawValue: "sms"), value: String(words[1]))
            let id = words[0] == "-" ? nil : String(words[0])
            events.append(.message(InboundMessage(externalID: id, from: from, text: String(words[2]))))
        }
        let answer = HookAnswer(headers: ["x-plain": "yes"], body: "taken")
        return events.isEmpty ? .ignored(.nothing, answer) : .accepted(events, answer)
    }

    func render(_ message: OutboundMessage, for channel: ChannelContext) async throws(AdapterError) -> Rendering {
        Rendering(parts: [
            .http(HTTPCall(method: "POST", url: "https://plain.example", headers: [:], body: Array(message.body.text.utf8)))
        ])
    }

    func judge(_ answer: ProviderAnswer, for channel: ChannelContext) async throws(AdapterError) -> SendOutcome {
        .accepted(externalID: nil)
    }

    func address(_ text: String, for channel: ChannelContext) async -> Address? {
        guard let number = PhoneNumber(rawValue: text) else { return nil }
        return Address(space: AddressSpace(rawValue: "sms"), value: number.rawValue)
    }
}
