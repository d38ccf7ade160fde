package import Foundation
package import Parley

/// Whom a browser speaks for.
package struct Visitor: Hashable, Sendable {
    /// 32 hex digits made for this browser: what its own message ids are counted by, signed in or not.
    package var device: String
    /// The user of the site who is signed in; nil for an anonymous visitor.
    package var userID: String?
    /// What the visitor, or the page, calls them. Not proven.
    package var name: String?

    package init(device: String, userID: String? = nil, name: String? = nil) {
        self.device = device
        self.userID = userID
        self.name = name
    }

    package static let space = AddressSpace(rawValue: "webchat")
    /// How long an anonymous visitor may stay away.
    package static let anonymousLifetime = 180.0 * 86_400
    package static let signedInLifetime = 7.0 * 86_400

    package var isSignedIn: Bool { self.userID != nil }
    package var lifetime: TimeInterval { self.isSignedIn ? Self.signedInLifetime : Self.anonymousLifetime }
    /// The identity's address: `user:ID`, or the anonymous visitor's own.
    package var address: Address {
        Address(space: Self.space, value: self.userID.map { "user:\($0)" } ?? self.device)
    }

    /// A visitor nobody can guess.
    package static func anonymous(named name: String?) throws(Crypto.Failure) -> Visitor {
        Visitor(device: Hex.encode(try Crypto.random(16)), name: name)
    }

    package static func isDevice(_ text: String) -> Bool {
        text.utf8.count == 32 && text.utf8.allSatisfy { 0x30...0x39 ~= $0 || 0x61...0x66 ~= $0 }
    }

    /// 1–200 bytes without control characters: what a site calls one of its users.
    package static func isUserID(_ text: String) -> Bool {
        1...200 ~= text.utf8.count && text.unicodeScalars.allSatisfy { $0.value >= 0x20 && $0.value != 0x7f }
    }
}

extension Visitor {
    private static func claims(_ keys: TokenKeys) -> SignedClaims { SignedClaims(keys: keys, purpose: "webchat visitor") }

    /// What the browser shows on each call.
    package func token(keys: TokenKeys, until expiry: Date) -> String {
        var claims: [String: JSON] = ["d": .string(self.device)]
        claims["u"] = self.userID.map(JSON.string)
        claims["n"] = self.name.map(JSON.string)
        return Self.claims(keys).sign(claims, until: expiry)
    }

    /// Why a token is not taken.
    package enum BadToken: Error, Hashable, Sendable { case forged, expired }

    package init(token: String, keys: TokenKeys, at date: Date) throws(BadToken) {
        switch Self.claims(keys).read(token, at: date) {
        case .expired: throw .expired
        case .forged: throw .forged
        case .genuine(let claims):
            guard let device = claims["d"]?.string, Self.isDevice(device) else { throw .forged }
            self.init(device: device, userID: claims["u"]?.string, name: claims["n"]?.string)
        }
    }

    /// Whether `hash` proves that the site itself says who this is: HMAC-SHA256 of the user's id with the channel's secret, in hex.
    package static func isProven(userID: String, hash: String, secret: String) -> Bool {
        guard !secret.isEmpty, self.isUserID(userID), let given = Hex.decode(hash) else { return false }
        return Crypto.equal(given, Crypto.hmac(.sha256, key: secret.utf8, userID.utf8))
    }
}
