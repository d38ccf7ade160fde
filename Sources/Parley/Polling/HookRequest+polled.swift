extension HookRequest {
    /// The URL of an answer that is read as if the provider had called with it. No request from outside can bear it.
    package static let pollURL = "poll:"

    /// What a provider answered to a poll, in the form in which requests are read, kept and replayed.
    package init(polled answer: ProviderAnswer) {
        self.init(
            method: "POLL",
            url: Self.pollURL,
            route: nil,
            headers: answer.headers.filter { $0.key != "set-cookie" },
            body: answer.body,
            at: answer.at
        )
    }
    package var isPolled: Bool { self.url == Self.pollURL }
}
