internal import COpenSSL

/// The cryptography of the house, done by OpenSSL's libcrypto: the one that libpq and libcurl link too, patched by the distribution.
package enum Crypto {
    /// A call into libcrypto failed, which no input should bring about. `call` is the function's name.
    package struct Failure: Error, Hashable, Sendable { package var call: String }

    /// - Throws: `Failure` when the system has no entropy to give; there is nothing sensible to go on with.
    package static func random(_ count: Int) throws(Failure) -> [UInt8] {
        var bytes = [UInt8](repeating: 0, count: count)
        guard RAND_bytes(&bytes, Int32(count)) == 1 else { throw Failure(call: "RAND_bytes") }
        return bytes
    }

    /// Compares in a time that tells nothing of where the two differ; their lengths may be told.
    package static func equal(_ left: some Collection<UInt8>, _ right: some Collection<UInt8>) -> Bool {
        let (left, right) = (Array(left), Array(right))
        return left.count == right.count && CRYPTO_memcmp(left, right, left.count) == 0
    }
}
