package import Foundation

/// The id of one `Entity`: a UUIDv7, so that ids sort by the moment they were made.
///
/// Shape: 36 lower-case characters, as in `0190163d-8694-739b-aea5-966c26f8ad91`.
///
/// Source: RFC 9562 section 5.7.
package struct Identifier<Entity>: Hashable, Sendable, Codable, CustomStringConvertible {
    package let uuid: UUID

    package init(_ uuid: UUID) { self.uuid = uuid }

    /// Nil when the text is no UUID: ids come from URLs and bodies, so a bad one is input, not a bug.
    package init?(_ text: some StringProtocol) {
        guard text.utf8.count == 36, let uuid = UUID(uuidString: String(text)) else { return nil }
        self.uuid = uuid
    }

    /// A new id for the moment `date`.
    package static func make(at date: Date = Date()) -> Identifier {
        var random = SystemRandomNumberGenerator()
        return Identifier(.version7(at: date, using: &random))
    }

    package init(from decoder: any Decoder) throws { self.uuid = try UUID(from: decoder) }
    package func encode(to encoder: any Encoder) throws { try self.description.encode(to: encoder) }

    package var description: String { self.uuid.uuidString.lowercased() }
}

extension UUID {
    /// A UUIDv7: 48 bits of Unix milliseconds, 12 bits of the millisecond's fraction, 62 random bits.
    ///
    /// The fraction keeps ids made by one process in one millisecond in order (RFC 9562 section 6.2, method 3).
    package static func version7(at date: Date, using random: inout some RandomNumberGenerator) -> UUID {
        let microseconds = UInt64(max(0, date.timeIntervalSince1970) * 1_000_000)
        let (milliseconds, rest) = microseconds.quotientAndRemainder(dividingBy: 1_000)
        let fraction = rest * 4_096 / 1_000
        let high: UInt64 = (milliseconds << 16) | 0x7000 | fraction
        let low: UInt64 = (random.next() & 0x3fff_ffff_ffff_ffff) | 0x8000_0000_0000_0000
        func byte(_ word: UInt64, _ index: UInt64) -> UInt8 { UInt8(truncatingIfNeeded: word >> (56 - 8 * index)) }
        return UUID(
            uuid: (
                byte(high, 0), byte(high, 1), byte(high, 2), byte(high, 3), byte(high, 4), byte(high, 5), byte(high, 6), byte(high, 7),
                byte(low, 0), byte(low, 1), byte(low, 2), byte(low, 3), byte(low, 4), byte(low, 5), byte(low, 6), byte(low, 7)
            )
        )
    }
}

/// What ids are of.
package enum Entity {
    package enum Workspace {}
    package enum Key {}
    package enum Channel {}
    package enum Contact {}
    package enum Identity {}
    package enum Conversation {}
    package enum Participant {}
    package enum Message {}
    package enum Delivery {}
    package enum Attachment {}
    package enum Interaction {}
}

package typealias WorkspaceID = Identifier<Entity.Workspace>
package typealias KeyID = Identifier<Entity.Key>
package typealias ChannelID = Identifier<Entity.Channel>
package typealias ContactID = Identifier<Entity.Contact>
package typealias IdentityID = Identifier<Entity.Identity>
package typealias ConversationID = Identifier<Entity.Conversation>
package typealias ParticipantID = Identifier<Entity.Participant>
package typealias MessageID = Identifier<Entity.Message>
package typealias DeliveryID = Identifier<Entity.Delivery>
package typealias AttachmentID = Identifier<Entity.Attachment>
package typealias InteractionID = Identifier<Entity.Interaction>
