/// Which addresses outbound calls may reach: the public internet, and what the operator allowed.
///
/// It is asked twice: about a URL when one is saved, and about every address a name resolved to, just before the socket is opened.
/// Only the second holds against a name that changes its mind; the first spares a person the wait.
package struct EgressPolicy: Hashable, Sendable {
    /// Admitted although private.
    package let allow: [CIDR]

    package init(allow: [CIDR] = []) { self.allow = allow }

    /// - Parameter list: blocks parted by commas or blanks, as `PARLEY_EGRESS_ALLOW` holds them: `10.0.0.0/8, ::1`.
    /// - Throws: `BadBlock` naming the first that is none.
    package init(allowing list: String) throws(BadBlock) {
        var allow: [CIDR] = []
        for text in list.split(whereSeparator: { $0 == "," || $0.isWhitespace }) {
            guard let block = CIDR(text) else { throw BadBlock(text: String(text)) }
            allow.append(block)
        }
        self.allow = allow
    }

    package struct BadBlock: Error, Hashable, Sendable, CustomStringConvertible {
        package var text: String
        package init(text: String) { self.text = text }
        package var description: String { "'\(self.text)' is no address block such as 10.0.0.0/8" }
    }

    package func permits(_ address: IPAddress) -> Bool {
        if self.allow.contains(where: { $0.contains(address) }) { return true }
        if let embedded = address.embedded { return self.permits(embedded) }
        let denied = address.isIPv4 ? Self.deniedIPv4 : Self.deniedIPv6
        return !denied.contains { $0.contains(address) }
    }

    /// Source: IANA IPv4 Special-Purpose Address Registry; 168.63.129.16 answers Azure's metadata and 100.100.100.200 Alibaba's.
    private static let deniedIPv4 = [
        "0.0.0.0/8", "10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "168.63.129.16/32", "169.254.0.0/16", "172.16.0.0/12",
        "192.0.0.0/24", "192.0.2.0/24", "192.31.196.0/24", "192.52.193.0/24", "192.88.99.0/24", "192.168.0.0/16", "192.175.48.0/24",
        "198.18.0.0/15", "198.51.100.0/24", "203.0.113.0/24", "224.0.0.0/4", "240.0.0.0/4",
    ].map { CIDR($0)! }

    /// Everything but global unicast (`2000::/3`), and in it the protocol assignments with Teredo, and the documentation nets.
    ///
    /// Source: IANA IPv6 Special-Purpose Address Registry; IANA IPv6 Address Space.
    private static let deniedIPv6 = [
        "::/3", "4000::/2", "8000::/1", "2001::/23", "2001:db8::/32", "2620:4f:8000::/48", "3fff::/20",
    ].map { CIDR($0)! }
}
