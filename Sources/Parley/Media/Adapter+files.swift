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
