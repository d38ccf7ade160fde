internal import COpenSSL

/// A private key, freed exactly once because it cannot be copied. Never logged, never described.
struct SigningKey: ~Copyable {
    enum Kind: Hashable, Sendable { case rsa, ed25519 }

    private let pointer: OpaquePointer
    let kind: Kind

    /// Nil unless the text is an RSA key of 1024 bits or more (RFC 8301 section 3.2) or an Ed25519 key, in PEM and not encrypted.
    init?(pem: String) {
        let text = Array(pem.utf8)
        let source = BIO_new_mem_buf(text, Int32(text.count))
        defer { BIO_free(source) }
        // With a passphrase given, OpenSSL does not ask for one on the terminal.
        let pointer = "".withCString { PEM_read_bio_PrivateKey(source, nil, nil, UnsafeMutableRawPointer(mutating: $0)) }
        guard let pointer else {
            ERR_clear_error()
            return nil
        }
        switch EVP_PKEY_get_base_id(pointer) {
        case EVP_PKEY_RSA where EVP_PKEY_get_bits(pointer) >= 1024: self.kind = .rsa
        case EVP_PKEY_ED25519: self.kind = .ed25519
        default:
            EVP_PKEY_free(pointer)
            return nil
        }
        self.pointer = pointer
    }

    deinit { EVP_PKEY_free(self.pointer) }

    /// RSASSA-PKCS1-v1_5 over SHA-256, or pure Ed25519.
    borrowing func signature(of message: [UInt8]) throws(Crypto.Failure) -> [UInt8] {
        let context = EVP_MD_CTX_new()
        defer {
            EVP_MD_CTX_free(context)
            ERR_clear_error()
        }
        let hash = self.kind == .rsa ? EVP_sha256() : nil
        guard EVP_DigestSignInit(context, nil, hash, nil, self.pointer) == 1 else { throw Crypto.Failure(call: "EVP_DigestSignInit") }
        var count = 0
        guard EVP_DigestSign(context, nil, &count, message, message.count) == 1 else { throw Crypto.Failure(call: "EVP_DigestSign") }
        var signature = [UInt8](repeating: 0, count: count)
        guard EVP_DigestSign(context, &signature, &count, message, message.count) == 1 else { throw Crypto.Failure(call: "EVP_DigestSign") }
        return Array(signature.prefix(count))
    }
}
