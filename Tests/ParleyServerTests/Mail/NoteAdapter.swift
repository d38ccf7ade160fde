import Foundation
import Parley

/// A mail adapter for tests: the message is the body, its id the Message-ID; some words in the body make it go wrong.
struct NoteAdapter: Adapter {
    let name = AdapterName(rawValue: "note")!
    let kind = "email"
    let summary = "Mail"
    let settings = SettingsSchema(properties: ["address": .init(kind: .string), "catch_all": .init(kind: .string, isRequired: false)])
    let capabilities = Capabilities(textEncoding: .unicode, textLimit: 1000, mediaCount: 10, mediaBytes: 1_000_000, buttons: .text)
    let limits = SendLimits(perSecond: 100, perRecipientSeconds: 0)

    func receive(_ request: HookRequest, for channel: ChannelContext) async throws(AdapterError) -> Received {
        Received(try self.reception(of: request))
    }

    private func reception(of request: HookRequest) throws(AdapterError) -> Reception {
        let text = String(decoding: request.content, as: UTF8.self)
        if text.contains("hops") { return .refused(code: "hop_count", detail: "") }
        if text.contains("bomb") { return .refused(code: "too_many_parts", detail: "") }
        if text.contains("broken") { throw AdapterError(.badResult, "test") }
        if text.contains("loop") { return .ignored(.loop, HookAnswer()) }
        if text.contains("delayed") { return .ignored(.report, HookAnswer()) }
        if text.contains("garbage") { return .quarantined(reason: "unreadable", HookAnswer()) }
        let id = text.split(separator: "\r\n").first { $0.hasPrefix("Message-ID: ") }?.dropFirst(12)
        let from = Address(space: AddressSpace(rawValue: "email"), value: request.headers["mail-from"] ?? "")
        return .accepted(
            [.message(InboundMessage(externalID: id.map(String.init), from: from, text: text))],
            HookAnswer()
        )
    }

    func render(_ message: OutboundMessage, for channel: ChannelContext) async throws(AdapterError) -> Rendering {
        throw AdapterError(.badResult, "test")
    }
    func judge(_ answer: ProviderAnswer, for channel: ChannelContext) async throws(AdapterError) -> SendOutcome {
        .accepted(externalID: nil)
    }
    func address(_ text: String, for channel: ChannelContext) async -> Address? { nil }
    func mailboxes(_ settings: [String: JSON]) -> [String] { ["address", "catch_all"].compactMap { settings[$0]?.string } }
}
