/// Keys for what we sign and only we verify: reply tokens, visitor tokens, links, cursors.
///
/// The newest signs, all verify: while a master key is being replaced, what was signed with the old one still holds.
package struct TokenKeys: Hashable, Sendable {
    /// Newest first; none when there is nothing to sign with, and then nothing verifies.
    package var keys: [[UInt8]]

    package init(_ newest: [UInt8], older: [[UInt8]] = []) { self.keys = [newest] + older }

    private init() { self.keys = [] }
    package static let none = TokenKeys()
}
