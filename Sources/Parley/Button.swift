/// A quick reply or a link under a message.
package struct Button: Hashable, Sendable, Codable {
    package var title: String
    /// What comes back when it is tapped; nil for a link.
    package var value: String?
    /// Where it leads; nil for a quick reply.
    package var url: String?
    package init(title: String, value: String? = nil, url: String? = nil) {
        self.title = title
        self.value = value
        self.url = url
    }
}
