/// What an adapter made of a message: the requests, and what had to be given up to fit the channel.
package struct Rendering: Hashable, Sendable {
    package var parts: [ProviderRequest]
    /// `buttons_as_text`, `media_as_links`; empty when the channel shows the message as it is.
    package var degradations: [String]
    package init(parts: [ProviderRequest], degradations: [String] = []) {
        self.parts = parts
        self.degradations = degradations
    }
}
