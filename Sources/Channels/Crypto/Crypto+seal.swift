internal import COpenSSL

extension Crypto {
    private static let nonceSize = 12
    private static let tagSize = 16

    /// Encrypts with AES-256-GCM under a fresh random nonce.
    ///
    /// - Parameters:
    ///   - key: 32 bytes.
    ///   - context: what the box belongs to (a row's id, a key's id); it must be given again to open it, so boxes cannot be swapped.
    /// - Returns: nonce (12 bytes), ciphertext, tag (16 bytes).
    ///
    /// Source: NIST SP 800-38D. A random nonce allows 2^32 boxes for one key.
    package static func seal(_ plain: [UInt8], key: [UInt8], context: [UInt8] = []) throws(Failure) -> [UInt8] {
        let nonce = try self.random(self.nonceSize)
        let cipher = Cipher()
        try cipher.begin(key: key, nonce: nonce, encrypting: true)
        try cipher.authenticate(context)
        let sealed = try cipher.update(plain)
        try cipher.finish()
        return nonce + sealed + (try cipher.tag(self.tagSize))
    }

    /// Nil when the box was changed, cut, sealed with another key or for another context: one answer for all four.
    package static func open(_ box: [UInt8], key: [UInt8], context: [UInt8] = []) throws(Failure) -> [UInt8]? {
        guard box.count >= self.nonceSize + self.tagSize else { return nil }
        let cipher = Cipher()
        try cipher.begin(key: key, nonce: Array(box.prefix(self.nonceSize)), encrypting: false)
        try cipher.authenticate(context)
        let plain = try cipher.update(Array(box.dropFirst(self.nonceSize).dropLast(self.tagSize)))
        try cipher.expect(tag: Array(box.suffix(self.tagSize)))
        return cipher.isGenuine() ? plain : nil
    }
}

/// An `EVP_CIPHER_CTX` set to AES-256-GCM, freed exactly once because it cannot be copied.
private struct Cipher: ~Copyable {
    private let pointer = EVP_CIPHER_CTX_new()

    deinit { EVP_CIPHER_CTX_free(self.pointer) }

    borrowing func begin(key: [UInt8], nonce: [UInt8], encrypting: Bool) throws(Crypto.Failure) {
        guard key.count == 32 else { throw Crypto.Failure(call: "AES-256-GCM wants a key of 32 bytes") }
        try Self.check(EVP_CipherInit_ex(self.pointer, EVP_aes_256_gcm(), nil, key, nonce, encrypting ? 1 : 0), "EVP_CipherInit_ex")
    }

    borrowing func authenticate(_ context: [UInt8]) throws(Crypto.Failure) {
        guard !context.isEmpty else { return }
        var count: Int32 = 0
        try Self.check(EVP_CipherUpdate(self.pointer, nil, &count, context, Int32(context.count)), "EVP_CipherUpdate")
    }

    borrowing func update(_ input: [UInt8]) throws(Crypto.Failure) -> [UInt8] {
        guard !input.isEmpty else { return [] }
        var out = [UInt8](repeating: 0, count: input.count)
        var count: Int32 = 0
        try Self.check(EVP_CipherUpdate(self.pointer, &out, &count, input, Int32(input.count)), "EVP_CipherUpdate")
        return out
    }

    borrowing func finish() throws(Crypto.Failure) {
        var count: Int32 = 0
        var rest = [UInt8](repeating: 0, count: Int(EVP_MAX_BLOCK_LENGTH))
        try Self.check(EVP_CipherFinal_ex(self.pointer, &rest, &count), "EVP_CipherFinal_ex")
    }

    /// Whether what was decrypted is what was sealed; the plain text is worth nothing before.
    borrowing func isGenuine() -> Bool {
        var count: Int32 = 0
        var rest = [UInt8](repeating: 0, count: Int(EVP_MAX_BLOCK_LENGTH))
        defer { ERR_clear_error() }
        return EVP_CipherFinal_ex(self.pointer, &rest, &count) == 1
    }

    borrowing func tag(_ size: Int) throws(Crypto.Failure) -> [UInt8] {
        var tag = [UInt8](repeating: 0, count: size)
        try Self.check(EVP_CIPHER_CTX_ctrl(self.pointer, EVP_CTRL_GCM_GET_TAG, Int32(size), &tag), "EVP_CTRL_GCM_GET_TAG")
        return tag
    }

    borrowing func expect(tag: [UInt8]) throws(Crypto.Failure) {
        var tag = tag
        try Self.check(EVP_CIPHER_CTX_ctrl(self.pointer, EVP_CTRL_GCM_SET_TAG, Int32(tag.count), &tag), "EVP_CTRL_GCM_SET_TAG")
    }

    private static func check(_ status: Int32, _ call: String) throws(Crypto.Failure) {
        guard status == 1 else {
            ERR_clear_error()
            throw Crypto.Failure(call: call)
        }
    }
}
