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

    private static func claims(_ key: [UInt8], _ device: String) -> SignedClaims {
        SignedClaims(key: key, purpose: "webchat upload \(device)")
    }

    func text(key: [UInt8], device: String, until expiry: Date) -> String {
        Self.claims(key, device).sign(["m": self.media.json], until: expiry)
    }

    /// Nil for one that is forged, too old, or another browser's.
    init?(_ text: String, key: [UInt8], device: String, at date: Date) {
        guard case .genuine(let claims) = Self.claims(key, device).read(text, at: date), let media = claims["m"].flatMap(Media.init(json:))
        else { return nil }
        self.media = media
    }
}
