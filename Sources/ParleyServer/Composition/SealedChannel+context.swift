import Foundation
import Parley

extension SealedChannel {
    /// What the adapter is told of the channel.
    ///
    /// - Throws: `Sealer.Failure` when our master key does not open it.
    func context(opening sealer: Sealer, publicURL: String) throws -> ChannelContext {
        let settings = try JSON(parsing: try sealer.open(self.settings, for: self.id.uuid)).object ?? [:]
        return ChannelContext(
            id: self.id,
            workspace: self.workspace,
            settings: settings,
            verification: self.policy.verification,
            hookURL: "\(publicURL)/hooks/\(self.id)",
            tokenKeys: sealer.tokenKeys(of: self.id)
        )
    }
}
