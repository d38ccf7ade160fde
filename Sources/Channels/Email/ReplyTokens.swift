package import Foundation
package import Parley

/// Signs and reads the tokens that bring an answer back to its conversation: in reply addresses and in Message-IDs.
///
/// Shape: `p` and 42 characters of base32: the conversation's id (16 bytes), the day it ends (2 bytes, days since 2020), and 8 bytes of
/// HMAC-SHA256 over both with the channel's own key. Case does not matter: mail systems fold it.
package struct ReplyTokens: Sendable {
    /// What a text that has a token's shape turned out to be.
    package enum Reading: Hashable, Sendable {
        case genuine(ReplyToken)
        /// Not signed by this channel: forged, mistyped, or another channel's.
        case foreign
    }

    /// How long an answer to a mail is still led back.
    package static let lifetimeInDays = 400
    private static let epoch = 1_577_836_800.0  // 2020-01-01
    private let keys: TokenKeys

    /// - Parameter keys: see `ChannelContext.tokenKeys`.
    package init(keys: TokenKeys) { self.keys = keys }

    package func token(for conversation: ConversationID, at date: Date) -> String {
        let day = UInt16(clamping: Self.day(of: date) + Self.lifetimeInDays)
        let claim = withUnsafeBytes(of: conversation.uuid.uuid) { Array($0) } + [UInt8(day >> 8), UInt8(day & 255)]
        return "p" + Base32.encode(claim + self.keys.mac(Self.signed(claim), length: 8))
    }

    /// Nil for a text that is no token at all.
    package func read(_ text: some StringProtocol, at date: Date) -> Reading? {
        guard text.utf8.count == 43, text.first == "p" || text.first == "P", let bytes = Base32.decode(text.dropFirst()), bytes.count == 26
        else { return nil }
        let claim = Array(bytes[..<18])
        guard self.keys.verify(bytes[18...], of: Self.signed(claim), length: 8) else { return .foreign }
        let id = claim.withUnsafeBytes { UUID(uuid: $0.loadUnaligned(as: uuid_t.self)) }
        let lastDay = Int(claim[16]) << 8 | Int(claim[17])
        return .genuine(ReplyToken(conversation: ConversationID(id), isExpired: Self.day(of: date) > lastDay))
    }

    private static func signed(_ claim: [UInt8]) -> [UInt8] { Array("reply".utf8) + claim }

    private static func day(of date: Date) -> Int { Int(max(0, date.timeIntervalSince1970 - self.epoch) / 86_400) }
}

extension ReplyTokens {
    /// `support+p…@example.com`; nil when that would grow beyond what an address may have, as 64 octets before the `@`.
    package func address(of mailbox: MailAddress, for conversation: ConversationID, at date: Date) -> MailAddress? {
        MailAddress("\(mailbox.local)+\(self.token(for: conversation, at: date))@\(mailbox.domain)")
    }

    /// `<0190….p…@example.com>`: the same for every try of one message, as long as `date` is the message's own.
    package func messageID(of message: MessageID, in conversation: ConversationID, domain: String, at date: Date) -> String {
        "<\(message).\(self.token(for: conversation, at: date))@\(domain)>"
    }

    /// What a Message-ID says that we may have made; nil for one that is not of our shape.
    package func read(messageID: String, at date: Date) -> (message: MessageID, reading: Reading)? {
        guard messageID.hasPrefix("<"), let at = messageID.firstIndex(of: "@") else { return nil }
        let parts = messageID[..<at].dropFirst().split(separator: ".", maxSplits: 1)
        guard parts.count == 2, let message = MessageID(parts[0]), let reading = self.read(parts[1], at: date) else { return nil }
        return (message, reading)
    }
}
