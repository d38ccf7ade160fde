// For the adapters that need no asking.
extension Adapter {
    package var isPolled: Bool { false }
    package func poll(after cursor: JSON?, for channel: ChannelContext) async throws(AdapterError) -> Poll? { nil }
    package func read(
        _ answer: ProviderAnswer,
        after cursor: JSON?,
        for channel: ChannelContext
    ) async throws(AdapterError) -> PollAnswer { .failed(reason: "not_polled", after: nil) }
}
