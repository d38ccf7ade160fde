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
