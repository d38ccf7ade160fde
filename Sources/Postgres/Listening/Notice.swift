/// One word for those who listen on a channel.
package struct Notice: Hashable, Sendable {
    package var channel: String
    package var payload: String
    package init(channel: String, payload: String) {
        self.channel = channel
        self.payload = payload
    }
}
