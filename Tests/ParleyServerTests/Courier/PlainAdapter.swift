import Foundation
import Parley
import ParleyServer

/// An adapter as plain as one can be, so that these tests are about the courier: a part is a POST of its text; 201 `{"id"}` is accepted, 429
/// throttled, 5xx failing, 4xx refused with `{"refused"}`. Where its URL is a mail server's, a part is a mail, and 250 is accepted.
struct PlainAdapter: Adapter {
    static let plain = AdapterName(rawValue: "plain")!

    let name = Self.plain
    let kind = "sms"
    let summary = "for tests"
    let settings = SettingsSchema(properties: [:])
    var capabilities = Capabilities(textEncoding: .unicode, textLimit: 20, mediaCount: 0, mediaBytes: 0, buttons: .text)
    var limits = SendLimits(perSecond: 0, perRecipientSeconds: 0)
    var fileBytes = 0
    let url: String
    /// Requests before each message: POSTs of `upload 1`, `upload 2`, whose ids the message then names.
    var uploads = 0

    func receive(_ request: HookRequest, for channel: ChannelContext) async throws(AdapterError) -> Received { Received(.notFound) }

    func render(_ message: OutboundMessage, for channel: ChannelContext) async throws(AdapterError) -> Rendering {
        guard message.body.text != "unrenderable" else { throw AdapterError(.budgetExceeded, "render") }
        let done = message.steps.count
        if done < self.uploads {
            var parts = [ProviderRequest](repeating: .later, count: self.uploads + 1)
            let body: JSON = ["text": .string("upload \(done + 1)")]
            parts[done] = .step(HTTPCall(method: "POST", url: self.url, headers: [:], body: Array(body.text.utf8)), number: done)
            return Rendering(parts: parts)
        }
        let parts = Segmentation.split(message.body.text, encoding: self.capabilities.textEncoding, limit: self.capabilities.textLimit)
        return Rendering(
            parts: [ProviderRequest](repeating: .later, count: self.uploads)
                + parts.map { part in
                    guard !self.url.hasPrefix("smtp:") else { return .mail(.plain(part, to: self.url, message.id)) }
                    let body: JSON = [
                        "to": .string(message.to), "text": .string(part), "delivery": .string(message.delivery.description),
                        "uploaded": .array(message.steps),
                    ]
                    return .http(
                        HTTPCall(method: "POST", url: self.url, headers: ["x-channel": channel.id.description], body: Array(body.text.utf8))
                    )
                }
        )
    }

    func judge(_ answer: ProviderAnswer, for channel: ChannelContext) async throws(AdapterError) -> SendOutcome {
        switch answer.status {
        case 250: return .accepted(externalID: nil)
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

    func judge(
        _ answer: ProviderAnswer,
        ofStep number: Int,
        previous: JSON?,
        for channel: ChannelContext
    ) async throws(AdapterError) -> StepOutcome {
        switch try await self.judge(answer, for: channel) {
        case .accepted: .done(.string("U-upload \(number + 1)"))
        case .retry: .failed(.ambiguous(reason: "provider_error"))
        case let outcome: .failed(outcome)
        }
    }

    func address(_ text: String, for channel: ChannelContext) async -> Address? {
        PhoneNumber(text).map { Address(space: AddressSpace(rawValue: "sms"), value: $0.rawValue) }
    }
}

extension MailRequest {
    fileprivate static func plain(_ text: String, to url: String, _ message: MessageID) -> Self {
        Self(
            url: url,
            sender: "a@a.test",
            recipient: "b@b.test",
            message: Array("From: a@a.test\r\n\r\n\(text)\r\n".utf8),
            messageID: "<\(message)@a.test>"
        )
    }
}
