/// One request on the way to the bytes of a file that a provider only named.
package struct MediaStep: Hashable, Sendable {
    package var call: HTTPCall
    /// Its answer's body is the file.
    package var isLast: Bool
    package init(call: HTTPCall, isLast: Bool) {
        self.call = call
        self.isLast = isLast
    }
}

/// What became of a request that comes before a message, such as the upload of a file.
package enum StepOutcome: Hashable, Sendable {
    /// What the next request needs to know of it.
    case done(JSON)
    case failed(SendOutcome)
}

// For the adapters whose files come and go with their messages.
extension Adapter {
    package var fetchesMedia: Bool { false }
    package var fetchLimit: Int { 0 }
    package func mediaStep(
        _ number: Int,
        to media: Media,
        previous: JSON?,
        for channel: ChannelContext
    ) async throws(AdapterError) -> MediaStep { throw AdapterError(.badResult, "\(self.name) fetches no files") }
    package func read(
        _ answer: ProviderAnswer,
        ofMediaStep number: Int,
        to media: Media,
        for channel: ChannelContext
    ) async throws(AdapterError) -> JSON? { nil }
    package func judge(
        _ answer: ProviderAnswer,
        ofStep number: Int,
        previous: JSON?,
        for channel: ChannelContext
    ) async throws(AdapterError) -> StepOutcome { throw AdapterError(.badResult, "\(self.name) has no steps before a message") }
}
