internal import COpenSSL

extension Crypto {
    /// MD5 and SHA-1 are here because providers sign with them, not because they should.
    package enum Hash: String, Hashable, Sendable, CaseIterable {
        case md5, sha1, sha256, sha384, sha512

        var evp: OpaquePointer? {
            switch self {
            case .md5: EVP_md5()
            case .sha1: EVP_sha1()
            case .sha256: EVP_sha256()
            case .sha384: EVP_sha384()
            case .sha512: EVP_sha512()
            }
        }
    }

    package static func digest(_ hash: Hash, _ message: some Collection<UInt8>) -> [UInt8] {
        let message = Array(message)
        var out = [UInt8](repeating: 0, count: Int(EVP_MAX_MD_SIZE))
        var count: UInt32 = 0
        // Fails only without memory: an empty digest equals nothing.
        guard EVP_Digest(message, message.count, &out, &count, hash.evp, nil) == 1 else { return [] }
        return Array(out.prefix(Int(count)))
    }

    package static func sha256(_ message: some Collection<UInt8>) -> [UInt8] { self.digest(.sha256, message) }

    /// Source: RFC 2104.
    package static func hmac(_ hash: Hash, key: some Collection<UInt8>, _ message: some Collection<UInt8>) -> [UInt8] {
        let (key, message) = (Array(key), Array(message))
        var out = [UInt8](repeating: 0, count: Int(EVP_MAX_MD_SIZE))
        var count: UInt32 = 0
        guard HMAC(hash.evp, key, Int32(key.count), message, message.count, &out, &count) != nil else { return [] }
        return Array(out.prefix(Int(count)))
    }
}
