/// The other end of a session.
package struct SMTPPeer: Hashable, Sendable {
    /// Its IP address, as text.
    package var address: String
    /// What it called itself in EHLO, HELO or LHLO; unproven.
    package var helo: String
    package var isEncrypted: Bool
    /// Whom the receiver took it for, after AUTH.
    package var user: String?

    package init(address: String, helo: String = "", isEncrypted: Bool = false, user: String? = nil) {
        self.address = address
        self.helo = helo
        self.isEncrypted = isEncrypted
        self.user = user
    }

    var isLoopback: Bool { self.address.hasPrefix("127.") || self.address == "::1" || self.address.hasPrefix("::ffff:127.") }
}
