internal import Parley

/// One way to tell that a request is the provider's.
struct Verification: Sendable {
    /// Applies only to requests for which this is true; nil: to all.
    var when: Expression?
    var scheme: Scheme
    /// Must be true as well (the account in the body is ours); nil: nothing more is asked.
    var require: Expression?
    /// When the request was signed, in seconds since 1970.
    var timestamp: Expression?
    /// Seconds that `timestamp` may be off, either way.
    var tolerance: Double
    /// Whether the body must have been read to judge by it. Where it need not be, an unsigned body is never read.
    var readsBody: Bool

    indirect enum Scheme: Sendable {
        /// Whoever knows the URL is believed. Must be said, so that no file forgets it.
        case none
        case hmac(Crypto.Hash, SignedMessage)
        case ed25519(SignedMessage)
        case rsa(Crypto.Hash, SignedMessage)
        /// `given` equals `expected`.
        case token(given: Expression, expected: Expression)
        case basic(username: Expression, password: Expression)
        case bearer(expected: Expression)
        case jwt(JWTScheme)
    }

    /// A signature, its key and what it covers.
    struct SignedMessage: Sendable {
        /// Every result is tried: an old and a new key.
        var key: Expression
        var keyEncoding: Encoding
        /// What is signed, piece after piece. A piece with several results makes several messages, any of which may be the signed one.
        var over: [Piece]
        /// Every result is tried.
        var given: Expression
        var encoding: Encoding
        /// Stands before each given signature: `v0=`.
        var prefix: String
    }

    enum Piece: Sendable {
        case body
        case digest(Crypto.Hash)  // of the body, as raw bytes
        case text(Expression)
    }

    enum Encoding: String, Sendable, CaseIterable {
        case text, hex, base64, base64url

        /// Nil when `text` is not in this encoding.
        func decode(_ text: String) -> [UInt8]? {
            switch self {
            case .text: Array(text.utf8)
            case .hex: Hex.decode(text)
            case .base64: Base64.decode(text)
            case .base64url: Base64.decodeURL(text)
            }
        }
    }

    struct JWTScheme: Sendable {
        var algorithms: [JWT.Algorithm]
        var key: Expression
        var keyEncoding: Encoding
        var given: Expression
        /// Stands before the token: `Bearer `.
        var prefix: String
        /// Must be true of the request with the token's `.claims`.
        var claims: Expression?
        /// Seconds since `iat` after which a token is stale; nil: only `exp` and `nbf` count.
        var maxAge: Double?
    }
}
