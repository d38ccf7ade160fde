import Foundation
import Parley
import ParleyServer

/// An adapter as plain as one can be, so that these tests are about the courier: a part is a POST of its text; 201 `{"id"}` is accepted, 429
/// throttled, 5xx failing, 4xx refused with `{"refused"}`.
struct PlainAdapter: Adapter {
    static let plain = AdapterName(rawValue: "plain")!

    let name = Self.plain
    let kind = "sms"
    let summary = "for tests"
    let settings = SettingsSchema(properties: [:])
    var capabilities = Capabilities(textEncoding: .unicode, textLimit: 20, mediaCount: 0, mediaBytes: 0, buttons: .text)
    var limits = SendLimits(perSecond: 0, perRecipientSeconds: 0)
    let url: String

    func receive(_ request: HookRequest, for channel: ChannelContext) async throws(AdapterError) -> Reception { .notFound }

    func render(_ message: OutboundMessage, for channel: ChannelContext) async throws(AdapterError) -> Rendering {
        guard message.body.text != "unrenderable" else { throw AdapterError(.budgetExceeded, "render") }
        let parts = Segmentation.split(message.body.text, encoding: self.capabilities.textEncoding, limit: self.capabilities.textLimit)
        return Rendering(
            parts: parts.map { part in
                let body: JSON = ["to": .string(message.to), "text": .string(part), "delivery": .string(message.delivery.description)]
                return .http(
                    HTTPCall(method: "POST", url: self.url, headers: ["x-channel": channel.id.description], body: Array(body.text.utf8))
                )
            }
        )
    }

    func judge(_ answer: ProviderAnswer, for channel: ChannelContext) async throws(AdapterError) -> SendOutcome {
        switch answer.status {
        case 201:
            guard let body = try? JSON(parsing: answer.body), let id = body["id"]?.string else { throw AdapterError(.badResult, "outcome") }
            return .accepted(externalID: id)
        case 429: return .retry(reason: .throttled, after: nil)
        case 500...: return .retry(reason: .failing, after: nil)
        default:
            let reason = (try? JSON(parsing: answer.body))?["refused"]?.string.flatMap(RefusalReason.init(rawValue:))
            return .refused(reason: reason ?? .rejected, code: String(answer.status), detail: "refused")
        }
    }

    func address(_ text: String, for channel: ChannelContext) async -> Address? {
        PhoneNumber(text).map { Address(space: AddressSpace(rawValue: "sms"), value: $0.rawValue) }
    }
}
