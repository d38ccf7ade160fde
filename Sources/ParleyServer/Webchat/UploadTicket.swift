import Channels
import Foundation
import HTTPTypes
import HummingbirdCore
import Parley
import Postgres

/// Our word that this browser uploaded this file: what it shows to attach it to a message.
struct UploadTicket: Sendable {
    var media: Media

    init(media: Media) { self.media = media }

    private static func claims(_ keys: TokenKeys, _ device: String) -> SignedClaims {
        SignedClaims(keys: keys, purpose: "webchat upload \(device)")
    }

    func text(keys: TokenKeys, device: String, until expiry: Date) -> String {
        Self.claims(keys, device).sign(["m": self.media.json], until: expiry)
    }

    /// Nil for one that is forged, too old, or another browser's.
    init?(_ text: String, keys: TokenKeys, device: String, at date: Date) {
        guard case .genuine(let claims) = Self.claims(keys, device).read(text, at: date), let media = claims["m"].flatMap(Media.init(json:))
        else { return nil }
        self.media = media
    }
}
