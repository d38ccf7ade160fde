/// How it was known, when an address was first met, that it is the person's.
package enum IdentityProof: String, Hashable, Sendable {
    /// The provider names the sender.
    case provider
    /// A mail whose sender the channel's own relay vouches for.
    case authenticated
    /// A mail's `From:`, which anybody can write.
    case claimed
    /// A client of the API gave it.
    case given
    /// A visitor showed a token of ours.
    case token
}

extension ThreadingItem {
    var proof: IdentityProof { self.mail.map { $0.authentication == .pass ? .authenticated : .claimed } ?? .provider }
}
