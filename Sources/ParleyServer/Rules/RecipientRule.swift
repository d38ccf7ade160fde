import Channels
import Parley
import Postgres

/// Whom a message may be started to.
struct RecipientRule: Sendable {
    let channels: ChannelStore
    let adapters: AdapterRegistry
    let publicURL: String

    /// The address as the channel's adapter writes it.
    ///
    /// - Throws: `Mistake`: no address that can be reached, or one of the workspace's own. `PostgresError`.
    func address(_ text: String, over channel: ChannelRecord, on queries: any Queries) async throws -> Address {
        guard !text.unicodeScalars.contains(where: { $0.value < 0x20 || $0.value == 0x7f }) else {
            throw Mistake("control_character", "Must hold no control characters.")
        }
        let context = channel.context(publicURL: self.publicURL)
        guard text.utf8.count <= 320, let adapter = self.adapters[channel.adapter], let address = await adapter.address(text, for: context)
        else { throw Mistake("invalid_address", "No address that \(channel.adapter) can reach.") }
        // A message to one of our own numbers would come back in and be answered, and so on.
        for other in try await self.channels.list(in: channel.workspace, on: queries) {
            guard let ours = self.adapters[other.adapter] else { continue }
            let settings = other.settings.filter { ours.settings.properties[$0.key]?.isSecret == false }.compactMap(\.value.string)
            for setting in settings {
                let own = await ours.address(setting, for: other.context(publicURL: self.publicURL))
                guard own?.withoutTag == address.withoutTag else { continue }
                throw Mistake("loop_address", "This is an address of the workspace itself.")
            }
        }
        return address
    }
}
