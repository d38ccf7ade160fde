/// A provider's id within the channel that gave it.
package struct ExternalMessage: Hashable, Sendable {
    package var workspace: WorkspaceID
    package var channel: ChannelID
    @Exact package var id: String
    package init(workspace: WorkspaceID, channel: ChannelID, id: String) {
        self.workspace = workspace
        self.channel = channel
        self.id = id
    }
}
