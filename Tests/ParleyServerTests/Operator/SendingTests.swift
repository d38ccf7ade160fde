import Parley
import TestSupport
import Testing

@testable import ParleyServer

@Suite(.database) struct SendingTests {
    private static let wrong: [(String, String, String)] = [
        (" \n ", "+15005550123", "the text: Must say something. (empty_text)"),
        (String(repeating: "x", count: 70_000), "+15005550123", "the text: At most 15300 characters here. (too_long)"),
        ("a\u{7}b", "+15005550123", "the text: Must hold no control characters but tab and line breaks. (control_character)"),
        ("hello", "+15005550006", "+15005550006: This is an address of the workspace itself. (loop_address)"),
        ("hello", "abc", "abc: No address that twilio can reach. (invalid_address)"),
    ]

    @Test(arguments: Self.wrong)
    func `what the API would refuse to send is refused at the terminal too`(text: String, to: String, message: String) async throws {
        let refusal = try await OperatorFixture.refusal { one in
            try await OperatorFixture.addChannel(one)
            _ = try await one.send(text, to: to, channel: "sms", workspace: "acme")
        }
        #expect(refusal?.code == 64)
        #expect(refusal?.text == message)
        #expect(try await OperatorFixture.count("messages") == 0)
    }

    @Test(arguments: ["support@parley.test", #""support"@parley.test"#, "support@PARLEY。test", #""sup\port+x"@ｐarley.test"#])
    func `the bridge writes to none of its own mailboxes, however the address is written (B41)`(to: String) async throws {
        let refusal = try await OperatorFixture.refusal { one in
            _ = try await one.createKey(workspace: "acme", name: "bot", scopes: ["read"], days: nil)
            let settings: JSON = ["address": "support@parley.test", "smtp_url": "smtp://mail.example"]
            _ = try await one.addChannel(workspace: "acme", adapter: "email", name: "mail", settings: settings, policy: nil)
            _ = try await one.send("hello", to: to, channel: "mail", workspace: "acme")
        }
        #expect(refusal?.text == "\(to): This is an address of the workspace itself. (loop_address)")
    }

    @Test func `an answer in a conversation is held to its channel's rules`() async throws {
        let refusal = try await OperatorFixture.refusal { one in
            try await OperatorFixture.addChannel(one)
            let first = try await one.send("hello", to: "+15005550123", channel: "sms", workspace: "acme")
            let conversation = try #require(first.rows[0]["conversationId"]?.string)
            _ = try await one.send("again", conversation: conversation, workspace: "acme")
            _ = try await one.send(String(repeating: "x", count: 15_301), conversation: conversation, workspace: "acme")
        }
        #expect(refusal?.text == "the text: At most 15300 characters here. (too_long)")
        #expect(try await OperatorFixture.count("messages") == 2)
    }
}
