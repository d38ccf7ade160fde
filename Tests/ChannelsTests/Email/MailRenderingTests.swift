import Channels
import Foundation
import Parley
import Testing

@Suite struct MailRenderingTests {
    private static let conversation = ConversationID.make()

    private func channel(_ settings: [String: JSON] = [:]) -> ChannelContext {
        ChannelContext(
            id: .make(),
            workspace: .make(),
            settings: ["address": "support@example.test", "smtp_url": "smtps://mail.example.test"].merging(settings) { $1 },
            verification: .enforce,
            hookURL: "https://bridge.test/hooks/1",
            tokenKeys: TokenKeys([UInt8](repeating: 7, count: 32))
        )
    }

    private func message(_ change: (inout OutboundMessage) -> Void = { _ in }) -> OutboundMessage {
        var message = OutboundMessage(id: .make(), delivery: .make(), to: "c@customer.test", body: Body(text: "hello"))
        message.conversation = Self.conversation
        message.createdAt = Date(timeIntervalSince1970: 1_772_000_000)
        change(&message)
        return message
    }

    private func render(_ message: OutboundMessage, _ settings: [String: JSON] = [:]) async throws -> (MailRequest, ReadMail, Rendering) {
        let rendering = try await EmailAdapter().render(message, for: self.channel(settings))
        guard case .mail(let request) = rendering.parts.first, let mail = ReadMail(request.message) else {
            throw CocoaError(.fileReadUnknown)
        }
        return (request, mail, rendering)
    }

    @Test(
        arguments: [
            (nil, "A question", true, "Re: A question"), (nil, "Re: A question", true, "Re: A question"),
            (nil, "AW: Eine Frage", true, "AW: Eine Frage"),
            (nil, "Fwd: A question", true, "Re: Fwd: A question"), ("My own", "A question", true, "My own"),
            ("My own", nil, false, "My own"),
            (nil, nil, false, "Message from Example"), (nil, "", true, "Re: your message"), (nil, "Our first", false, "Our first"),
        ] as [(String?, String?, Bool, String)]
    )
    func `a subject is the message's own, the one it answers, or a sensible one`(
        own: String?,
        theirs: String?,
        isAnswer: Bool,
        shown: String
    )
        async throws
    {
        let message = self.message {
            $0.body.subject = own
            $0.subject = theirs
            $0.inReplyTo = isAnswer ? "<1@customer.test>" : nil
        }
        #expect(try await self.render(message, ["from_name": "Example"]).1.headers["subject"] == shown)
    }

    @Test func `what a machine wrote says so, and only that`() async throws {
        let answer = try await self.render(self.message { ($0.isAutomatic, $0.inReplyTo) = (true, "<1@customer.test>") }).1
        #expect(answer.headers["auto-submitted"] == "auto-replied" && answer.headers["x-auto-response-suppress"] == "All")
        #expect(try await self.render(self.message { $0.isAutomatic = true }).1.headers["auto-submitted"] == "auto-generated")
        #expect(try await self.render(self.message()).1.headers["auto-submitted"] == nil)
    }

    @Test func `every try of a message is the same mail`() async throws {
        let message = self.message()
        let (first, second) = (try await self.render(message).0, try await self.render(message).0)
        #expect(first.message == second.message)
        #expect(first.messageID.hasPrefix("<\(message.id).p") && first.messageID.hasSuffix("@example.test>"))
        #expect(first.sender == "support@example.test" && first.recipient == "c@customer.test")
    }

    @Test func `an answer names what it answers, the oldest and the newest of what went before, and a way back`() async throws {
        let ids = (0..<50).map { "<\($0)@customer.test>" }
        let message = self.message {
            $0.references = ids + ["<no good", "x@y", "<a b@c>", "<a@b>\r\nBcc: <c@d>"]
            $0.inReplyTo = ids[49]
        }
        let (request, mail, _) = try await self.render(message)
        #expect(mail.headers["in-reply-to"] == ids[49])
        #expect(mail.headers["references"]?.split(whereSeparator: \.isWhitespace).map(String.init) == [ids[0]] + ids.suffix(19))
        let token = try #require(request.messageID.split(separator: ".").dropFirst().first?.split(separator: "@").first)
        #expect(mail.headers["reply-to"] == "support+\(token)@example.test")
        let read = ReplyTokens(keys: self.channel().tokenKeys).read(token, at: Date(timeIntervalSince1970: 1_772_000_000))
        #expect(read == .genuine(ReplyToken(conversation: Self.conversation)))
    }

    @Test func `files that we keep come along, others are linked, and buttons become lines`() async throws {
        let bytes = Array("%PDF-1.7".utf8)
        let file = AttachmentFile(sha256: Crypto.sha256(bytes), contentType: "application/pdf", filename: "stored.pdf", bytes: bytes)
        let message = self.message {
            var media = file.media()
            media.filename = "Angebot März.pdf"
            $0.body.media = [media, Media(url: "https://files.example/a.png", filename: "a.png")]
            $0.body.buttons = [Button(title: "Yes", value: "y"), Button(title: "Read <more>", url: "https://example.test/?a&b")]
            $0.files = [file]
        }
        let (_, mail, rendering) = try await self.render(message)
        #expect(rendering.degradations == ["media_as_links", "buttons_as_text"])
        #expect(mail.parts.last?.filename == "Angebot März.pdf" && mail.parts.last?.bytes == bytes)
        #expect(
            mail.parts[0].text.split(whereSeparator: \.isNewline)
                == ["hello", "a.png: https://files.example/a.png", "- Yes", "Read <more>: https://example.test/?a&b"]
        )
        #expect(mail.parts[1].text.contains("<a href=\"https://example.test/?a&amp;b\">Read &lt;more&gt;</a>"))
    }

    @Test func `text becomes HTML that shows it and runs nothing`() async throws {
        let text = "1 < 2 & \"x\"\n<script>alert(1)</script>\n\njavascript:alert(1) and https://example.test/a?b=1&c=2."
        let html = try await self.render(self.message { $0.body.text = text }).1.parts[1].text
        #expect(!html.contains("<script") && html.contains("&lt;script&gt;"))
        #expect(html.contains("<a href=\"https://example.test/a?b=1&amp;c=2\">") && !html.contains("href=\"javascript"))
    }

    @Test func `a channel whose settings cannot work says so before anything leaves`() async throws {
        #expect(try await self.render(self.message(), ["smtp_url": ""]).0.url == "")
        await #expect(throws: AdapterError.self) { try await self.render(self.message(), ["dkim_key": "junk", "dkim_selector": "s1"]) }
    }
}
