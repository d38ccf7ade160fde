import Foundation
import Parley
import Testing

@testable import Channels

@Suite struct VisitorTests {
    private let keys = TokenKeys([UInt8](repeating: 7, count: 32))
    private let now = Date(timeIntervalSince1970: 1_770_000_000)
    private let ann = Visitor(device: String(repeating: "0f", count: 16), userID: "ann@example.org", name: "Ann")

    @Test func `a token says who it was given to, until it ends`() throws {
        let token = self.ann.token(keys: self.keys, until: self.now + 60)
        #expect(try Visitor(token: token, keys: self.keys, at: self.now) == self.ann)
        #expect(throws: Visitor.BadToken.expired) { try Visitor(token: token, keys: self.keys, at: self.now + 60) }
    }

    @Test func `no token can be made or changed without the channel's key`() throws {
        let token = self.ann.token(keys: self.keys, until: self.now + 60)
        let other = TokenKeys([UInt8](repeating: 8, count: 32))
        #expect(throws: Visitor.BadToken.forged) { try Visitor(token: token, keys: other, at: self.now) }
        #expect(throws: Visitor.BadToken.forged) { try Visitor(token: token, keys: .none, at: self.now) }
        for index in token.indices where token[index] != "." {
            let changed = token.replacingCharacters(in: index...index, with: token[index] == "A" ? "B" : "A")
            // The last character of base64 has bits that say nothing.
            guard changed.dropLast() != token.dropLast() else { continue }
            #expect(throws: Visitor.BadToken.self) { try Visitor(token: changed, keys: self.keys, at: self.now) }
        }
        let upload = SignedClaims(keys: self.keys, purpose: "webchat upload").sign(["d": .string(self.ann.device)], until: self.now + 60)
        #expect(throws: Visitor.BadToken.forged) { try Visitor(token: upload, keys: self.keys, at: self.now) }
    }

    @Test(arguments: ["", ".", "a.b", "..", "e30.", ".e30", String(repeating: "a", count: 100_000)])
    func `what is no token is forged`(token: String) {
        #expect(throws: Visitor.BadToken.forged) { try Visitor(token: token, keys: self.keys, at: self.now) }
    }

    @Test func `an identity is proven by the site's own hash and by nothing else`() {
        let hash = Hex.encode(Crypto.hmac(.sha256, key: "secret".utf8, "ann@example.org".utf8))
        #expect(Visitor.isProven(userID: "ann@example.org", hash: hash, secret: "secret"))
        #expect(Visitor.isProven(userID: "ann@example.org", hash: hash.uppercased(), secret: "secret"))
        #expect(!Visitor.isProven(userID: "ben@example.org", hash: hash, secret: "secret"))
        #expect(!Visitor.isProven(userID: "ann@example.org", hash: String(hash.dropLast(2)), secret: "secret"))
        #expect(!Visitor.isProven(userID: "ann@example.org", hash: "", secret: "secret"))
        let unkeyed = Hex.encode(Crypto.hmac(.sha256, key: [], "ann@example.org".utf8))
        #expect(!Visitor.isProven(userID: "ann@example.org", hash: unkeyed, secret: ""))
    }
}

@Suite struct WebchatAdapterTests {
    private let adapter = WebchatAdapter()
    private let anonymous = Visitor(device: String(repeating: "a1", count: 16))

    private func request(_ visitor: Visitor, _ said: VisitorRequest.Said) -> HookRequest {
        VisitorRequest(visitor: visitor, act: .message(said)).request(at: Date(), peer: "127.0.0.1")
    }

    @Test func `reads what the webchat's routes archived`() async throws {
        let said = VisitorRequest.Said(clientID: "c-0001-xyz", text: "hello", button: (MessageID.make(), "yes"))
        var user = self.anonymous
        (user.userID, user.name) = ("ann", "Ann")
        let reception = try await self.adapter.reception(of: self.request(user, said), for: self.adapter.context([:]))
        guard case .accepted(let events, _, _) = reception, case .message(let message)? = events.first else {
            return #expect(Bool(false), "not taken")
        }
        #expect(message.from == Address(space: AddressSpace(rawValue: "webchat"), value: "user:ann"))
        #expect((message.fromName, message.text, message.thread) == ("Ann", "hello", nil))
        #expect(events.count == 2)
    }

    @Test func `what was queued before signing in is the same message after it`() async throws {
        let said = VisitorRequest.Said(clientID: "c-0001-xyz", text: "hello")
        var user = self.anonymous
        user.userID = "ann"
        let keys = [self.anonymous, user].map { VisitorRequest(visitor: $0, act: .message(said)).events[0].deduplicationKey }
        #expect(keys[0] != nil && keys[0] == keys[1])
    }

    @Test(arguments: ["https://bridge.test/hooks/1", "http://bridge.test/hooks/1?webchat:", ""])
    func `takes nothing that came to its hook, whatever it says of itself`(url: String) async throws {
        var request = self.request(self.anonymous, .init(clientID: "c-0001-xyz", text: "I am somebody else"))
        request.url = url
        #expect(try await self.adapter.reception(of: request, for: self.adapter.context([:])) == .notFound)
    }

    @Test func `what goes out is kept, and addresses are its visitors'`() async throws {
        let context = try await self.adapter.context([:])
        let message = OutboundMessage(id: .make(), delivery: .make(), to: "user:ann", body: Body(text: "hi"))
        #expect(try await self.adapter.render(message, for: context) == Rendering(parts: [.kept]))
        #expect(await self.adapter.address("user:ann", for: context)?.value == "user:ann")
        #expect(await self.adapter.address(self.anonymous.device, for: context) != nil)
        for text in ["ann", "user:", "", "user:a\u{0}b"] { #expect(await self.adapter.address(text, for: context) == nil) }
    }
}
