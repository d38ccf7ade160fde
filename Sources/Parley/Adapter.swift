package import Foundation

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

    /// Verifies and translates one request to `/hooks/{channel}[/{route}]`.
    ///
    /// - Throws: `AdapterError` when the adapter itself fails (budget, broken expression); a bad request is `.refused`, not an error.
    func receive(_ request: HookRequest, for channel: ChannelContext) async throws(AdapterError) -> Reception

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

/// The name of one adapter, such as `twilio`.
///
/// Shape: 1–63 of `a–z`, `0–9` and `-`. It is a folder under `channels/`, a log key and a metric label.
package struct AdapterName: RawRepresentable, Hashable, Sendable, Codable, CustomStringConvertible {
    package let rawValue: String
    /// Nil when the text breaks the shape: names come from URLs and files, so a bad one is input, not a bug.
    package init?(rawValue: String) {
        guard rawValue.isName else { return nil }
        self.rawValue = rawValue
    }
    package var description: String { self.rawValue }
}

/// The account an adapter speaks for.
package struct ChannelContext: Sendable {
    package var id: ChannelID
    package var workspace: WorkspaceID
    /// Opened settings, secrets included: never logged, never described.
    package var settings: [String: JSON]
    package var verification: VerificationMode
    /// `https://bridge.example/hooks/0190…`: where this channel's provider reaches us, built from `PARLEY_PUBLIC_URL`.
    package var hookURL: String
    /// Of this channel alone, derived from the master keys: for what must come back to us unforged (reply tokens, visitor tokens).
    package var tokenKeys: TokenKeys

    package init(
        id: ChannelID,
        workspace: WorkspaceID,
        settings: [String: JSON],
        verification: VerificationMode,
        hookURL: String,
        tokenKeys: TokenKeys = .none
    ) {
        self.id = id
        self.workspace = workspace
        self.settings = settings
        self.verification = verification
        self.hookURL = hookURL
        self.tokenKeys = tokenKeys
    }
}

/// How a channel treats requests whose signature does not verify: `shadow` accepts them and counts what it would refuse.
package enum VerificationMode: String, Hashable, Sendable, Codable, CaseIterable { case off, shadow, enforce }

/// One request a provider made.
package struct HookRequest: Hashable, Sendable, Codable {
    package var method: String
    /// The public URL as the provider knows it, with path and query.
    package var url: String
    /// The part behind the channel in `/hooks/{channel}/{route}`; nil when there is none.
    package var route: String?
    /// Names in lower case; a repeated header's values joined by `, `.
    package var headers: [String: String]
    package var body: [UInt8]
    /// When it arrived.
    package var at: Date
    package init(method: String, url: String, route: String?, headers: [String: String], body: [UInt8], at: Date) {
        self.method = method
        self.url = url
        self.route = route
        self.headers = headers
        self.body = body
        self.at = at
    }
}

extension HookRequest {
    /// A hook's URL is ours and http; only our own mail server and mailbox pick-up name these. So nobody brings mail by POST.
    package var isMail: Bool { self.url == "smtp:" || self.url == "imap:" }

    /// Bytes of a mail's body that we put before it. Of anything else a caller's header says nothing.
    package var traceLength: Int { self.isMail ? max(self.headers["trace-length"].flatMap { Int($0) } ?? 0, 0) : 0 }

    /// The body as its sender made it: of a mail, without the `Received:` header of ours, which is another each time.
    package var content: ArraySlice<UInt8> { self.body.dropFirst(self.traceLength) }
}

/// What an adapter made of a request.
package enum Reception: Hashable, Sendable {
    /// Not from the provider, or not now: 401 with `code` (`bad_signature`, `stale_timestamp`), nothing stored.
    case refused(code: String, detail: String)
    /// No such route or method here: 404 or 405.
    case notFound
    case methodNotAllowed([String])
    /// More than one request may carry (B72): 413.
    case tooLarge
    /// A handshake or a fixed answer: nothing to store.
    case answered(HookAnswer)
    /// Store these, commit, then answer: one event at least. `wouldRefuse`: shadow mode, the code it would refuse with.
    /// `files`: the bytes of what the events' media name by attachment id; they are stored in the same commit.
    case accepted([InboundEvent], HookAnswer, wouldRefuse: String?, files: [AttachmentFile] = [])
    /// Understood, and nothing comes of it.
    case ignored(IgnoredReason, HookAnswer, wouldRefuse: String? = nil)
    /// Authentic but unreadable (B70): keep the bytes, answer 200, let an operator look.
    case quarantined(reason: String, HookAnswer)
}

/// Why a request that was understood makes no message: counted by it, so the words are a metric's.
package enum IgnoredReason: String, Hashable, Sendable {
    /// It says nothing that concerns us: an event of another kind, an echo of our own, a page without news.
    case nothing = "ignored"
    /// Our own mail came back (B101).
    case loop
    /// A machine's report on a mail of ours that changes nothing: it is delayed, or was deleted unread. Its bytes are kept, as an operator
    /// who looks for that mail wants to see them.
    case report
}

/// The answer a provider expects.
package struct HookAnswer: Hashable, Sendable, Codable {
    package var status: Int
    package var headers: [String: String]
    package var body: String
    package init(status: Int = 200, headers: [String: String] = [:], body: String = "") {
        self.status = status
        self.headers = headers
        self.body = body
    }
}

/// An adapter failed at its own work. Fixed codes; `detail` names the place in the file, never message text or a secret.
package struct AdapterError: Error, Hashable, Sendable, CustomStringConvertible {
    package enum Code: String, Sendable {
        case budgetExceeded = "budget_exceeded", resultTooLarge = "result_too_large", badExpression = "bad_expression", badResult =
            "bad_result"
    }
    package var code: Code
    package var detail: String
    package init(_ code: Code, _ detail: String) {
        self.code = code
        self.detail = detail
    }

    package var description: String { "\(self.detail) (\(self.code.rawValue))" }
}

extension Adapter {
    package var fileBytes: Int { 0 }
    /// What a channel of this adapter starts with where an operator decided nothing else.
    package var standardPolicy: ChannelPolicy { ChannelPolicy() }
    /// The addresses under which mail comes in for a channel with these settings: `user@domain`, or `@domain` for every address of it.
    package func mailboxes(_ settings: [String: JSON]) -> [String] { [] }
}
