/// A tap, a command: something a person did that is no message.
package struct Interaction: Hashable, Sendable, Codable {
    package var externalID: String?
    /// `block_actions`, `command`.
    package var type: String
    package var from: Address
    /// `action_id`, `value`, `command`, `text`, as the adapter names them.
    package var fields: [String: String]
    package init(externalID: String?, type: String, from: Address, fields: [String: String]) {
        self.externalID = externalID
        self.type = type
        self.from = from
        self.fields = fields
    }
}
