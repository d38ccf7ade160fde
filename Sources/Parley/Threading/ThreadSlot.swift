/// The place of one thread: at most one open conversation at a time.
package struct ThreadSlot: Hashable, Sendable {
    package var workspace: WorkspaceID
    package var channel: ChannelID
    package var key: ThreadKey
    package init(workspace: WorkspaceID, channel: ChannelID, key: ThreadKey) {
        self.workspace = workspace
        self.channel = channel
        self.key = key
    }
}
