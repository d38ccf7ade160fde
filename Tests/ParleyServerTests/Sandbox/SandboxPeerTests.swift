import Channels
import Foundation
import Parley
import Testing

@testable import ParleyServer

@Suite struct TwilioPeerTests {
    private let peer = TwilioPeer(
        accountSID: "AC11111111111111111111111111111111",
        authToken: "token",
        number: "+15005550006",
        hookURL: "http://127.0.0.1/hooks/1"
    )
    private let basic = "Basic " + Base64.encode(Array("AC11111111111111111111111111111111:token".utf8))

    private func create(_ fields: [(String, String)], authorization: String? = nil, account: String? = nil, isFirst: Bool = true)
        -> PeerAnswer
    {
        self.peer.create(
            account: account ?? self.peer.accountSID,
            authorization: authorization ?? self.basic,
            form: FormFields(fields),
            isFirst: isFirst,
            at: Date()
        )
    }

    @Test func `a message is taken, counted in segments and reported on`() throws {
        let answer = self.create([
            ("To", "+15005550123"), ("From", "+15005550006"), ("Body", String(repeating: "a", count: 161)),
            ("StatusCallback", "http://127.0.0.1/s"),
        ])
        #expect(answer.status == 201)
        #expect(answer.body["num_segments"] == "2" && answer.body["status"] == "queued")
        #expect(answer.body["sid"]?.string?.wholeMatch(of: /SM[0-9a-f]{32}/) != nil)
        #expect(answer.received?.to == "+15005550123")
        #expect(answer.hooks.map { FormFields(parsing: $0.body)["MessageStatus"] } == ["queued", "sent", "delivered"])
        #expect(answer.hooks.allSatisfy { FormFields(parsing: $0.body)["MessageSid"] == answer.body["sid"]?.string })
    }

    @Test(arguments: [
        ("+15005550001", 400, 21211), ("abc", 400, 21211), ("", 400, 21604), ("+15005550002", 400, 21612), ("+15005550003", 400, 21408),
        ("+15005550004", 400, 21610), ("+15005550009", 400, 21614), ("+15005550429", 429, 20429), ("+15005550500", 500, 20500),
    ])
    func `a number with an outcome of its own gets it in Twilio's words`(to: String, status: Int, code: Int) {
        let answer = self.create([("To", to), ("From", "+15005550006"), ("Body", "hello")])
        #expect(answer.status == status && answer.received == nil)
        #expect(answer.body["code"] == .integer(code) && answer.body["status"] == .integer(status))
        #expect(answer.body["more_info"] == .string("https://www.twilio.com/docs/errors/\(code)"))
    }

    @Test(arguments: ["+15005550429", "+15005550500"]) func `what failed the first time is taken the second`(to: String) {
        #expect(self.create([("To", to), ("From", "+15005550006"), ("Body", "hello")], isFirst: false).status == 201)
    }

    @Test func `an undelivered message says why`() throws {
        let answer = self.create([
            ("To", "+15005550300"), ("From", "+15005550006"), ("Body", "x"), ("StatusCallback", "http://127.0.0.1/s"),
        ])
        let last = FormFields(parsing: try #require(answer.hooks.last).body)
        #expect(last["MessageStatus"] == "undelivered" && last["ErrorCode"] == "30003")
    }

    @Test func `another's credentials, account and number are refused`() {
        let message = [("To", "+15005550123"), ("From", "+15005550006"), ("Body", "hello")]
        #expect(self.create(message, authorization: "Basic eDp5").body["code"] == 20003)
        #expect(self.create(message, account: "AC2").body["code"] == 20404)
        #expect(self.create([("To", "+15005550123"), ("From", "+15005550007"), ("Body", "hello")]).body["code"] == 21606)
    }

    @Test func `what a message lacks is named`() {
        #expect(self.create([("To", "+15005550123"), ("From", "+15005550006")]).body["code"] == 21602)
        #expect(self.create([("To", "+15005550123"), ("Body", "x")]).body["code"] == 21603)
        let long = String(repeating: "a", count: 1_601)
        #expect(self.create([("To", "+15005550123"), ("From", "+15005550006"), ("Body", long)]).body["code"] == 21617)
    }
}

@Suite struct SlackPeerTests {
    private let peer = SlackPeer(botToken: "xoxb-1", signingSecret: "secret", hookURL: "http://127.0.0.1/hooks/2")

    private func call(
        _ method: String,
        _ arguments: JSON,
        authorization: String? = "Bearer xoxb-1",
        taken: [ReceivedMessage] = [],
        isFirst: Bool = true
    )
        -> PeerAnswer
    {
        self.peer.call(method, authorization: authorization, arguments: arguments, taken: taken, isFirst: isFirst, at: Date())
    }

    @Test func `a post is taken into its thread, and may then be updated`() throws {
        let answer = self.call(
            "chat.postMessage",
            ["channel": "C0GENERAL1", "text": "a &lt; b &amp;amp;", "thread_ts": "1772441995.000101"]
        )
        #expect(answer.status == 200 && answer.body["ok"] == true)
        let received = try #require(answer.received)
        #expect(received.text == "a < b &amp;" && received.thread == "1772441995.000101")
        #expect(answer.body["ts"] == .string(received.id))
        let update: JSON = ["channel": "C0GENERAL1", "ts": .string(received.id), "text": "b"]
        #expect(self.call("chat.update", update, taken: [received]).body["ok"] == true)
        #expect(self.call("chat.update", update).body["error"] == "message_not_found")
    }

    @Test(
        arguments: [
            ("chat.postMessage", ["channel": "C0MISSING1", "text": "x"], "channel_not_found"),
            ("chat.postMessage", ["channel": "C0ARCHIVE1", "text": "x"], "is_archived"), ("chat.postMessage", ["channel": "C1"], "no_text"),
            ("chat.postMessage", ["text": "x"], "channel_not_found"), ("chat.scream", [:], "unknown_method"),
        ] as [(String, JSON, String)]
    )
    func `Slack says no inside a 200`(method: String, arguments: JSON, error: String) {
        let answer = self.call(method, arguments)
        #expect(answer.status == 200 && answer.received == nil)
        #expect(answer.body == ["ok": false, "error": .string(error)])
    }

    @Test func `a token is asked for and checked`() {
        #expect(self.call("auth.test", [:], authorization: nil).body["error"] == "not_authed")
        #expect(self.call("auth.test", [:], authorization: "Bearer xoxb-2").body["error"] == "invalid_auth")
        #expect(self.call("auth.test", [:]).body["team_id"] == "T0TEAM001")
    }

    @Test func `a limited channel says when to come back`() {
        let message: JSON = ["channel": "C0LIMITED1", "text": "x"]
        #expect(self.call("chat.postMessage", message).status == 429 && self.call("chat.postMessage", message).retryAfter == 1)
        #expect(self.call("chat.postMessage", message, isFirst: false).body["ok"] == true)
    }
}

@Suite struct SignedHookTests {
    @Test func `a text message is signed as Twilio signs it`() {
        // The first example of Twilio's "Validating requests" page, with its published signature.
        let form = FormFields([
            ("CallSid", "CA1234567890ABCDE"), ("Caller", "+14158675309"), ("Digits", "1234"), ("From", "+14158675309"),
            ("To", "+18005551212"),
        ])
        let hook = SignedHook.twilio(url: "https://mycompany.com/myapp.php?foo=1&bar=2", form: form, authToken: "12345")
        #expect(hook.headers["x-twilio-signature"] == "RSOYDt4T1cUTdK1PDd93/VVr8B8=")
    }

    @Test func `an event is signed as Slack signs it`() {
        // The example of Slack's "Verifying requests" page, with its published signature.
        let body = """
            token=xyzz0WbapA4vBCDEFasx0q6G&team_id=T1DC2JH3J&team_domain=testteamnow&channel_id=G8PSS9T3V&channel_name=foobar&user_id=U2CERLKJA\
            &user_name=roadrunner&command=%2Fwebhook-collect&text=&response_url=https%3A%2F%2Fhooks.slack.com%2Fcommands%2FT1DC2JH3J%2F397700885554\
            %2F96rGlfmibIGlgcZRskXaIFfN&trigger_id=398738663015.47445629121.803a0bc887a14d10d2c447fce8b6703c
            """
        let hook = SignedHook.slack(
            url: "",
            body: Array(body.utf8),
            signingSecret: "8f742231b10e8888abcd99yyyzzz85a5",
            at: Date(timeIntervalSince1970: 1_531_420_618)
        )
        #expect(hook.headers["x-slack-signature"] == "v0=a2114d57b48eac39b9ad189dd8316235a7b4a8d21a10bd27519666489c69b503")
    }

    @Test func `a form reads back as it was written`() {
        let form = FormFields([("Body", "50% + ä&b=c\n\u{1f600}"), ("MediaUrl", "a"), ("MediaUrl", "b"), ("Empty", "")])
        #expect(FormFields(parsing: form.encoded) == form)
        #expect(FormFields(parsing: Array("a+b=c+d%2B&e".utf8)) == FormFields([("a b", "c d+"), ("e", "")]))
    }
}

@Suite struct SandboxPageTests {
    @Test func `what was received is text on the page, never markup`() {
        let message = ReceivedMessage(
            adapter: "twilio",
            channel: "+1",
            to: "<b>",
            text: "<script>alert(1)</script>\"",
            media: ["<i>"],
            id: "SM",
            at: Date()
        )
        let page = SandboxPage.received([message])
        #expect(page.contains("&lt;script&gt;alert(1)&lt;/script&gt;&quot;") && page.contains("&lt;b&gt;") && page.contains("&lt;i&gt;"))
        #expect(!page.contains("<script") && !page.contains("<b>") && !page.contains("<i>"))
    }
}
