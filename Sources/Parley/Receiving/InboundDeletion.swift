/// The author took a message back.
package struct InboundDeletion: Hashable, Sendable, Codable {
    package var externalID: String
    /// As in `InboundEdit`.
    package var thread: String?
    package var from: Address?
    package init(externalID: String, thread: String? = nil, from: Address? = nil) {
        self.externalID = externalID
        self.thread = thread
        self.from = from
    }
}
