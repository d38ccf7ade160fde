/// The account an adapter speaks for.
package struct ChannelContext: Sendable {
    package var id: ChannelID
    package var workspace: WorkspaceID
    /// Opened settings, secrets included: never logged, never described.
    package var settings: [String: JSON]
    package var verification: VerificationMode
    /// `https://bridge.example/hooks/0190…`: where this channel's provider reaches us, built from `PARLEY_PUBLIC_URL`.
    package var hookURL: String
    /// Of this channel alone, derived from the master keys: for what must come back to us unforged (reply tokens, visitor tokens).
    package var tokenKeys: TokenKeys

    package init(
        id: ChannelID,
        workspace: WorkspaceID,
        settings: [String: JSON],
        verification: VerificationMode,
        hookURL: String,
        tokenKeys: TokenKeys = .none
    ) {
        self.id = id
        self.workspace = workspace
        self.settings = settings
        self.verification = verification
        self.hookURL = hookURL
        self.tokenKeys = tokenKeys
    }
}
