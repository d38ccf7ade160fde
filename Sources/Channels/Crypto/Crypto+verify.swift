internal import COpenSSL

extension Crypto {
    /// - Parameter key: the 32 bytes of the public key; anything else verifies nothing.
    ///
    /// Source: RFC 8032.
    package static func verifyEd25519(_ signature: [UInt8], of message: [UInt8], key: [UInt8]) -> Bool {
        guard key.count == 32, let key = PublicKey(ed25519: key) else { return false }
        return key.verifies(signature, of: message, hash: nil)
    }

    /// RSASSA-PKCS1-v1_5, as in RS256.
    ///
    /// - Parameter pem: a public key (`BEGIN PUBLIC KEY`) of 2048 bits or more; anything else verifies nothing.
    ///
    /// Source: RFC 8017 section 8.2.
    package static func verifyRSA(_ signature: [UInt8], of message: [UInt8], pem: String, hash: Hash = .sha256) -> Bool {
        guard let key = PublicKey(pem: pem), key.isStrongRSA else { return false }
        return key.verifies(signature, of: message, hash: hash)
    }
}

/// An `EVP_PKEY` with a public key, freed exactly once because it cannot be copied.
private struct PublicKey: ~Copyable {
    private let pointer: OpaquePointer

    init?(ed25519 bytes: [UInt8]) {
        guard let pointer = EVP_PKEY_new_raw_public_key(EVP_PKEY_ED25519, nil, bytes, bytes.count) else {
            ERR_clear_error()
            return nil
        }
        self.pointer = pointer
    }

    init?(pem: String) {
        let text = Array(pem.utf8)
        let source = BIO_new_mem_buf(text, Int32(text.count))
        defer { BIO_free(source) }
        guard let pointer = PEM_read_bio_PUBKEY(source, nil, nil, nil) else {
            ERR_clear_error()
            return nil
        }
        self.pointer = pointer
    }

    deinit { EVP_PKEY_free(self.pointer) }

    var isStrongRSA: Bool { EVP_PKEY_get_base_id(self.pointer) == EVP_PKEY_RSA && EVP_PKEY_get_bits(self.pointer) >= 2048 }

    /// - Parameter hash: nil where the scheme brings its own (Ed25519).
    borrowing func verifies(_ signature: [UInt8], of message: [UInt8], hash: Crypto.Hash?) -> Bool {
        let context = EVP_MD_CTX_new()
        defer {
            EVP_MD_CTX_free(context)
            ERR_clear_error()
        }
        guard EVP_DigestVerifyInit(context, nil, hash?.evp, nil, self.pointer) == 1 else { return false }
        return EVP_DigestVerify(context, signature, signature.count, message, message.count) == 1
    }
}
