package import Parley

extension TokenKeys {
    /// The first `length` bytes of HMAC-SHA256 with the newest key.
    package func mac(_ bytes: some Collection<UInt8>, length: Int = 32) -> [UInt8] {
        self.keys.first.map { Self.mac(bytes, $0, length) } ?? []
    }

    /// Whether one of the keys made `mac` of `bytes`. An empty one is never genuine.
    package func verify(_ mac: some Collection<UInt8>, of bytes: some Collection<UInt8>, length: Int = 32) -> Bool {
        // Every key is tried, so that the time tells nothing of which it was.
        self.keys.reduce(false) { found, key in
            let isEqual = Crypto.equal(mac, Self.mac(bytes, key, length))
            return isEqual || found
        }
    }

    private static func mac(_ bytes: some Collection<UInt8>, _ key: [UInt8], _ length: Int) -> [UInt8] {
        Array(Crypto.hmac(.sha256, key: key, bytes).prefix(length))
    }
}
