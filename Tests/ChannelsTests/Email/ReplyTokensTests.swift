import Foundation
import Parley
import Testing

@testable import Channels

@Suite struct ReplyTokensTests {
    let tokens = ReplyTokens(keys: TokenKeys(Array(repeating: 7, count: 32)))
    let conversation = ConversationID.make()
    let now = Date(timeIntervalSince1970: 1_790_000_000)

    @Test func `a reply address leads back to its conversation, in whichever case it comes back`() throws {
        let mailbox = try #require(MailAddress("support@Bridge.test"))
        let address = try #require(self.tokens.address(of: mailbox, for: self.conversation, at: self.now))
        #expect(address.untagged == mailbox)
        #expect(address.local.utf8.count <= 64)
        let tag = try #require(MailAddress(address.description.uppercased())?.tag)
        #expect(self.tokens.read(tag, at: self.now) == .genuine(ReplyToken(conversation: self.conversation)))
    }

    @Test func `a changed token, and one of another channel, are foreign; other tags are no tokens`() {
        let token = self.tokens.token(for: self.conversation, at: self.now)
        for index in token.indices.dropFirst() {
            var changed = token
            changed.replaceSubrange(index...index, with: token[index] == "a" ? "b" : "a")
            let reading = self.tokens.read(changed, at: self.now)
            #expect(reading == .foreign || (reading == nil && index == token.indices.last))
        }
        #expect(ReplyTokens(keys: TokenKeys(Array(repeating: 8, count: 32))).read(token, at: self.now) == .foreign)
        for tag in ["", "sales", "c-7hq2.k9", String(token.dropLast()), token + "a", "q" + token.dropFirst()] {
            #expect(self.tokens.read(tag, at: self.now) == nil)
        }
    }

    @Test func `a token made with the master key before this one still holds, and new ones are made with the new`() {
        let old = [UInt8](repeating: 7, count: 32)
        let rotated = ReplyTokens(keys: TokenKeys([UInt8](repeating: 9, count: 32), older: [[UInt8](repeating: 8, count: 32), old]))
        let genuine = ReplyTokens.Reading.genuine(ReplyToken(conversation: self.conversation))
        #expect(rotated.read(self.tokens.token(for: self.conversation, at: self.now), at: self.now) == genuine)
        #expect(self.tokens.read(rotated.token(for: self.conversation, at: self.now), at: self.now) == .foreign)
    }

    @Test func `a token ends, and says so`() {
        let token = self.tokens.token(for: self.conversation, at: self.now)
        let later = self.now.addingTimeInterval(Double(ReplyTokens.lifetimeInDays + 2) * 86_400)
        #expect(self.tokens.read(token, at: later) == .genuine(ReplyToken(conversation: self.conversation, isExpired: true)))
    }

    @Test func `a Message-ID of ours tells message and conversation`() throws {
        let message = MessageID.make()
        let id = self.tokens.messageID(of: message, in: self.conversation, domain: "bridge.test", at: self.now)
        let found = try #require(self.tokens.read(messageID: id, at: self.now))
        #expect(found.message == message)
        #expect(found.reading == .genuine(ReplyToken(conversation: self.conversation)))
        #expect(self.tokens.read(messageID: "<a.b@c>", at: self.now) == nil)
    }

    @Test func `a long local part gets no reply address rather than one too long`() throws {
        let mailbox = try #require(MailAddress("\(String(repeating: "a", count: 21))@bridge.test"))
        #expect(self.tokens.address(of: mailbox, for: self.conversation, at: self.now) == nil)
    }
}
