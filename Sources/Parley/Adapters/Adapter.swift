/// How to speak with one provider: verify and translate what comes in, render what goes out, judge the answer.
///
/// An adapter only translates. It opens no socket and keeps no state; the same input gives the same output.
package protocol Adapter: Sendable {
    var name: AdapterName { get }
    /// `sms`, `email`, `webchat`, `slack`: names the address space, so it decides who is the same person.
    var kind: String { get }
    var summary: String { get }
    var settings: SettingsSchema { get }
    var capabilities: Capabilities { get }
    var limits: SendLimits { get }

    /// Whether a setting's text holds what its pattern asks for; nil when that could not be found out within its time.
    func matches(_ text: String, _ pattern: String) async -> Bool?

    /// Verifies and translates one request to `/hooks/{channel}[/{route}]`.
    ///
    /// - Throws: `AdapterError` when the adapter itself fails (budget, broken expression); a bad request is `.refused`, not an error.
    func receive(_ request: HookRequest, for channel: ChannelContext) async throws(AdapterError) -> Received

    /// The requests that hand `message` to the provider, one for each part, in order. Empty never.
    func render(_ message: OutboundMessage, for channel: ChannelContext) async throws(AdapterError) -> Rendering

    /// What the provider's answer to one part means.
    func judge(_ answer: ProviderAnswer, for channel: ChannelContext) async throws(AdapterError) -> SendOutcome

    /// Of the message's stored files, `render` takes so many bytes in; the rest, and all where this is 0, is known to it by URL only.
    var fileBytes: Int { get }

    /// What a channel of this adapter starts with where an operator decided nothing else.
    var standardPolicy: ChannelPolicy { get }

    /// The addresses under which mail comes in for a channel with these settings: `user@domain`, or `@domain` for every address of it;
    /// lower case, unique over all workspaces.
    func mailboxes(_ settings: [String: JSON]) -> [String]

    /// Whether a channel of this adapter may have to be asked for what is new, because its provider calls nobody.
    var isPolled: Bool { get }

    /// The next request for what is new after `cursor` (nil: from the beginning); nil when this channel is not asked.
    func poll(after cursor: JSON?, for channel: ChannelContext) async throws(AdapterError) -> Poll?

    /// How the answer to a poll went. Its events are what `receive` makes of `HookRequest(polled:)`.
    func read(_ answer: ProviderAnswer, after cursor: JSON?, for channel: ChannelContext) async throws(AdapterError) -> PollAnswer

    /// Whether messages may name files whose bytes must be fetched (`Media.reference`).
    var fetchesMedia: Bool { get }
    /// Bytes of the largest file that is fetched.
    var fetchLimit: Int { get }

    /// Request `number` (0 for the first) on the way to a file. `previous`: what the answer before it yielded.
    func mediaStep(_ number: Int, to media: Media, previous: JSON?, for channel: ChannelContext) async throws(AdapterError) -> MediaStep

    /// What the answer to a step that is not the last yields for the next one; nil when there is no such file.
    func read(
        _ answer: ProviderAnswer,
        ofMediaStep number: Int,
        to media: Media,
        for channel: ChannelContext
    ) async throws(AdapterError) -> JSON?

    /// What the provider's answer to a `.step` means. `previous`: what the step before it yielded.
    func judge(
        _ answer: ProviderAnswer,
        ofStep number: Int,
        previous: JSON?,
        for channel: ChannelContext
    ) async throws(AdapterError) -> StepOutcome

    /// The identity that a person's way of writing `text` means (`+1 500 555 0123` → `+15005550123`); nil when it is no address here.
    func address(_ text: String, for channel: ChannelContext) async -> Address?
}

extension Adapter {
    /// The settings with defaults filled in, or everything wrong with them. A setting that is null has its default.
    package func validate(_ settings: [String: JSON]) async -> Result<[String: JSON], SettingsErrors> {
        await self.settings.validate(settings) { await self.matches($0, $1) }
    }
    /// Adapters in Swift have no patterns; a text that nobody could match is not taken.
    package func matches(_ text: String, _ pattern: String) async -> Bool? { nil }
    package var fileBytes: Int { 0 }
    /// What a channel of this adapter starts with where an operator decided nothing else.
    package var standardPolicy: ChannelPolicy { ChannelPolicy() }
    /// The addresses under which mail comes in for a channel with these settings: `user@domain`, or `@domain` for every address of it.
    package func mailboxes(_ settings: [String: JSON]) -> [String] { [] }
}
