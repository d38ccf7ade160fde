internal import Foundation
package import Parley

/// The chat widget on a web page. The browser is ours, so there is no provider: what goes out is kept, and the visitor's browser fetches it.
///
/// Requests are made by the webchat's own routes after they have verified the visitor: method `WEBCHAT`, URL `webchat:`, the visitor in
/// the headers. No request from outside can have that URL.
package struct WebchatAdapter: Adapter {
    package static let method = "WEBCHAT"
    package static let url = "webchat:"
    /// Characters of one message.
    package static let textLimit = 10_000

    package let name = AdapterName(rawValue: "webchat")!
    package let kind = "webchat"
    package let summary = "Chat widget for web pages"
    package let settings = SettingsSchema(properties: [
        "allowed_origins": .init(
            kind: .array,
            isRequired: false,
            defaultValue: [],
            format: "origin",
            summary: "Origins of the pages that may show the widget, as https://shop.example; none: only pages of this server"
        ),
        "identity_secret": .init(
            kind: .string,
            isSecret: true,
            isRequired: false,
            summary: "Secret that signs the ids of signed-in users; without it every visitor is anonymous"
        ),
    ])
    package let capabilities = Capabilities(
        textEncoding: .unicode,
        textLimit: Self.textLimit,
        mediaCount: 10,
        mediaBytes: 16 * 1024 * 1024,
        buttons: .native
    )
    package let limits = SendLimits(perSecond: 1_000, perRecipientSeconds: 0)

    package init() {}

    package func receive(_ request: HookRequest, for channel: ChannelContext) async throws(AdapterError) -> Received {
        guard request.url == Self.url, request.method == Self.method else { return Received(.notFound) }
        guard let said = VisitorRequest(request) else { return Received(.quarantined(reason: "unreadable", HookAnswer())) }
        let events = said.events
        return Received(events.isEmpty ? .ignored(.nothing, HookAnswer()) : .accepted(events, HookAnswer(status: 202)))
    }

    package func render(_ message: OutboundMessage, for channel: ChannelContext) async throws(AdapterError) -> Rendering {
        Rendering(parts: [.kept])
    }

    package func judge(_ answer: ProviderAnswer, for channel: ChannelContext) async throws(AdapterError) -> SendOutcome {
        .accepted(externalID: nil)
    }

    package func address(_ text: String, for channel: ChannelContext) async -> Address? {
        let isKnown = Visitor.isDevice(text) || (text.hasPrefix("user:") && Visitor.isUserID(String(text.dropFirst(5))))
        return isKnown ? Address(space: Visitor.space, value: text) : nil
    }
}
