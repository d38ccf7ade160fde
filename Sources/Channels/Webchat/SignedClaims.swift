package import Foundation
package import Parley

/// Claims that we hand out and want back unchanged: JSON, and an HMAC over it and over what it is for.
///
/// Shape: `{base64url of the JSON}.{base64url of 32 bytes}`. They can be read by whoever holds them; they cannot be made.
package struct SignedClaims: Sendable {
    /// What a text turned out to be.
    package enum Reading: Hashable, Sendable {
        case genuine([String: JSON])
        /// Ours, but its time is over.
        case expired
        case forged
    }

    private let keys: TokenKeys
    private let purpose: String

    /// - Parameters:
    ///   - keys: see `ChannelContext.tokenKeys`.
    ///   - purpose: keeps claims of one kind from being taken for another.
    package init(keys: TokenKeys, purpose: String) {
        self.keys = keys
        self.purpose = purpose
    }

    package func sign(_ claims: [String: JSON], until expiry: Date) -> String {
        let claims = claims.merging(["exp": .integer(Int(expiry.timeIntervalSince1970))]) { _, new in new }
        let payload = Base64.encodeURL(Array(JSON.object(claims).text.utf8))
        return "\(payload).\(Base64.encodeURL(self.keys.mac(self.signed(payload))))"
    }

    package func read(_ text: String, at date: Date) -> Reading {
        let sides = text.split(separator: ".", omittingEmptySubsequences: false)
        guard text.utf8.count <= 4_096, sides.count == 2, let given = Base64.decodeURL(String(sides[1])),
            self.keys.verify(given, of: self.signed(sides[0])), let bytes = Base64.decodeURL(String(sides[0])),
            case .object(let claims)? = try? JSON(parsing: bytes), let expiry = claims["exp"]?.int
        else { return .forged }
        return Double(expiry) > date.timeIntervalSince1970 ? .genuine(claims) : .expired
    }

    private func signed(_ payload: some StringProtocol) -> [UInt8] { Array("\(self.purpose)|\(payload)".utf8) }
}
