package import Foundation
package import Parley

/// One configured account of an adapter, as stored, with its settings opened.
package struct ChannelRecord: Sendable {
    package enum Status: String, Sendable, CaseIterable {
        case active
        /// Works, but something about it needs a person: see `statusReason`.
        case degraded
        /// Takes nothing in and sends nothing.
        case disabled
    }

    package var workspace: WorkspaceID
    package var id: ChannelID
    package var adapter: AdapterName
    package var name: String
    /// Secrets included: never logged, never answered.
    package var settings: [String: JSON]
    package var policy: ChannelPolicy
    /// See `ChannelContext`.
    package var tokenKeys: TokenKeys
    package var status: Status
    package var statusReason: String?
    /// Nil for a channel whose provider calls us.
    package var polling: PollStatus?
    package var createdAt: Date
    package var updatedAt: Date

    package init(
        workspace: WorkspaceID,
        id: ChannelID,
        adapter: AdapterName,
        name: String,
        settings: [String: JSON],
        policy: ChannelPolicy = ChannelPolicy(),
        tokenKeys: TokenKeys = .none,
        status: Status = .active,
        statusReason: String? = nil,
        polling: PollStatus? = nil,
        createdAt: Date,
        updatedAt: Date
    ) {
        self.workspace = workspace
        self.id = id
        self.adapter = adapter
        self.name = name
        self.settings = settings
        self.policy = policy
        self.tokenKeys = tokenKeys
        self.status = status
        self.statusReason = statusReason
        self.polling = polling
        self.createdAt = createdAt
        self.updatedAt = updatedAt
    }

    /// What an adapter is told of the channel.
    package func context(publicURL: String) -> ChannelContext {
        ChannelContext(
            id: self.id,
            workspace: self.workspace,
            settings: self.settings,
            verification: self.policy.verification,
            hookURL: "\(publicURL)/hooks/\(self.id)",
            tokenKeys: self.tokenKeys
        )
    }
}
