internal import Parley

/// A signed token in compact form.
///
/// Source: RFC 7515 section 7.1; RFC 7519.
struct JWT {
    enum Algorithm: String, Sendable, CaseIterable {
        case hs256 = "HS256"
        case hs384 = "HS384"
        case hs512 = "HS512"
        case rs256 = "RS256"
        case edDSA = "EdDSA"
    }

    let algorithm: Algorithm
    let claims: JSON
    private let signed: [UInt8]
    private let signature: [UInt8]

    /// Nil when the text is no token, or is signed in a way not named here (`none` among them).
    init?(_ text: String) {
        let parts = text.split(separator: ".", omittingEmptySubsequences: false)
        guard parts.count == 3, let header = Base64.decodeURL(String(parts[0])).flatMap({ try? JSON(parsing: $0, depth: 8) }),
            let algorithm = header["alg"]?.string.flatMap(Algorithm.init), header["crit"] == nil,
            let claims = Base64.decodeURL(String(parts[1])).flatMap({ try? JSON(parsing: $0, depth: 16) }), claims.object != nil,
            let signature = Base64.decodeURL(String(parts[2]))
        else { return nil }
        self.algorithm = algorithm
        self.claims = claims
        self.signed = Array("\(parts[0]).\(parts[1])".utf8)
        self.signature = signature
    }

    /// - Parameter key: the shared secret; the PEM text of an RSA key; the 32 bytes of an Ed25519 key.
    func isSigned(with key: [UInt8]) -> Bool {
        switch self.algorithm {
        case .hs256: Crypto.equal(Crypto.hmac(.sha256, key: key, self.signed), self.signature)
        case .hs384: Crypto.equal(Crypto.hmac(.sha384, key: key, self.signed), self.signature)
        case .hs512: Crypto.equal(Crypto.hmac(.sha512, key: key, self.signed), self.signature)
        case .rs256: Crypto.verifyRSA(self.signature, of: self.signed, pem: String(decoding: key, as: UTF8.self))
        case .edDSA: Crypto.verifyEd25519(self.signature, of: self.signed, key: key)
        }
    }

    /// Whether `now` lies where `nbf`, `exp` and, when given, `iat` and `maxAge` allow. A claim that is no number is a refusal.
    func isCurrent(at now: Double, tolerance: Double, maxAge: Double?) -> Bool {
        func allows(_ claim: String, _ test: (Double) -> Bool) -> Bool {
            guard let value = self.claims[claim] else { return true }
            return value.double.map(test) ?? false
        }
        return allows("nbf") { $0 <= now + tolerance } && allows("exp") { $0 > now - tolerance } && allows("iat") { $0 <= now + tolerance }
            && (maxAge.map { age in self.claims["iat"]?.double.map { $0 >= now - age - tolerance } ?? false } ?? true)
    }
}
