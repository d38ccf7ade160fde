internal import Parley

/// What an adapter file says, read and compiled.
struct Declaration: Sendable {
    var name: AdapterName
    var kind: String
    var summary: String
    var settings: SettingsSchema
    var capabilities: Capabilities
    var limits: SendLimits
    /// What a person's way of writing an address means; nil: the kind decides.
    var address: Expression?
    /// In the order of the file. The first one is also at the channel's own URL.
    var routes: [Route]
    /// Nil: the provider calls us.
    var poll: Poll?
    /// How the bytes of a file that is only named are fetched; nil: files come by URL.
    var fetch: Fetch?
    var outbound: Outbound?
    var expressions: ExpressionSet

    struct Route: Sendable {
        var name: String
        var methods: [String]
        /// One of these must verify.
        var verify: [Verification]
        /// How the body is to be read; nil: as its Content-Type says.
        var body: BodyKind?
        /// An answer for a request that is only a question (`url_verification`); no result for every other.
        var handshake: Expression?
        var events: [(kind: EventKind, expression: Expression)]
        var answer: Answer
    }

    struct Poll: Sendable {
        /// Seconds between an answer that brought all there was and the next request.
        var interval: Double
        /// No result: this channel is not asked.
        var request: Expression
        var answer: Expression
        var events: [(kind: EventKind, expression: Expression)]
    }

    enum BodyKind: String, Sendable, CaseIterable { case json, form, multipart, xml, text }

    /// In the order they are applied when one request brings several.
    enum EventKind: String, Sendable, CaseIterable { case inbound, edit, deletion, receipt, interaction }

    enum Answer: Sendable {
        case fixed(HookAnswer)
        case computed(Expression)
    }

    /// One request, and what the next one needs of its answer.
    struct Step: Sendable {
        var request: Expression
        /// Nil: the answer's body is what was wanted.
        var answer: Expression?
    }

    struct Fetch: Sendable {
        var steps: [Step]
        /// Bytes.
        var limit: Int
    }

    struct Outbound: Sendable {
        /// For each file, before the message; empty: files go out by URL.
        var upload: [Step]
        var request: Expression
        var outcome: Expression
    }
}
