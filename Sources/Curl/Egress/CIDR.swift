/// A block of addresses, such as `10.0.0.0/8`; a single address is a block of one.
package struct CIDR: Hashable, Sendable, CustomStringConvertible {
    package let address: IPAddress
    package let prefix: Int

    /// Nil when the text is no block, or has bits set behind its prefix (`10.0.0.1/8` is a slip, not a block).
    package init?(_ text: some StringProtocol) {
        let halves = text.split(separator: "/", maxSplits: 1, omittingEmptySubsequences: false)
        guard let first = halves.first, let address = IPAddress(String(first)) else { return nil }
        let width = address.bytes.count * 8
        guard let prefix = halves.count == 2 ? Int(halves[1]) : width, (0...width).contains(prefix) else { return nil }
        let isAligned = (prefix..<width).allSatisfy { address.bytes[$0 / 8] & (0x80 >> UInt8($0 % 8)) == 0 }
        guard isAligned else { return nil }
        self.address = address
        self.prefix = prefix
    }

    package func contains(_ other: IPAddress) -> Bool {
        guard other.bytes.count == self.address.bytes.count else { return false }
        let (whole, rest) = self.prefix.quotientAndRemainder(dividingBy: 8)
        guard other.bytes.prefix(whole) == self.address.bytes.prefix(whole) else { return false }
        return rest == 0 || (other.bytes[whole] ^ self.address.bytes[whole]) >> UInt8(8 - rest) == 0
    }

    package var description: String { "\(self.address)/\(self.prefix)" }
}
