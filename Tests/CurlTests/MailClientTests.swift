import Curl
import Foundation
import TestSupport
import Testing

@Suite struct MailClientTests {
    @Test func `mails to one server share a connection, one after the other`() async throws {
        let peer = try MailPeer()
        let client = try MailClient.local()
        for _ in 0..<3 { #expect(try await client.send(.hello(peer.url)) == MailReply(code: 250, text: "2.0.0 queued")) }
        #expect(peer.connections == 1)
        #expect(peer.lines.prefix(4) == ["EHLO b.test", "MAIL FROM:<a@b.test>", "RCPT TO:<c@d.test>", "DATA"])
    }

    @Test func `a line that starts with a dot is doubled, and what looks like a command stays text`() async throws {
        let peer = try MailPeer()
        let text = "From: a@b.test\r\n\r\n.\r\n..\r\n.a\r\nQUIT\r\n"
        #expect(try await MailClient.local().send(.hello(peer.url, text)).code == 250)
        // The client may have said goodbye already.
        #expect(peer.lines.drop { $0 != "DATA" }.prefix(7) == ["DATA", "From: a@b.test", "", "..", "...", "..a", "QUIT"])
    }

    @Test(arguments: [
        ("RCPT", "550-5.1.1 no such\r\n550 5.1.1 user", 550, "5.1.1 no such 5.1.1 user"),
        ("RCPT", "450 4.2.0 greylisted", 450, "4.2.0 greylisted"),
        ("MAIL", "451 4.7.1 later", 451, "4.7.1 later"), ("DATA", "554 5.5.1 no", 554, "5.5.1 no"),
        (".", "554 5.6.0 spam", 554, "5.6.0 spam"),
        (".", "452 4.3.1 full", 452, "4.3.1 full"), ("CONNECT", "554 no service", 554, "no service"), ("CONNECT", "421 busy", 421, "busy"),
    ])
    func `a refusal is an answer, wherever it comes`(command: String, said: String, code: Int, text: String) async throws {
        let peer = try MailPeer([command: .reply(said)])
        #expect(try await MailClient.local().send(.hello(peer.url)) == MailReply(code: code, text: text))
    }

    @Test func `a greeting logs in and hands nothing over`() async throws {
        // `AHUAcA==` says u and p.
        let peer = try MailPeer(["AUTH": .reply("334 "), "AHUA": .reply("235 2.7.0 ok")], extensions: ["AUTH PLAIN"])
        let client = try MailClient.local()
        #expect(try await client.greet(url: peer.url, username: "u", password: "p").code == 250)
        #expect(peer.lines.contains("NOOP") && peer.lines.contains { $0.hasPrefix("AUTH") })
        #expect(!peer.lines.contains { $0.hasPrefix("MAIL") })
        let refusing = try MailPeer(["AUTH": .reply("535 5.7.8 no")], extensions: ["AUTH PLAIN"])
        #expect(try await client.greet(url: refusing.url, username: "u", password: "p").code == 535)
    }

    @Test func `a refused password is an answer`() async throws {
        let peer = try MailPeer(["AUTH": .reply("535 5.7.8 no")], extensions: ["AUTH PLAIN"])
        var transfer = MailTransfer.hello(peer.url)
        (transfer.username, transfer.password) = ("u", "p")
        #expect(try await MailClient.local().send(transfer).code == 535)
    }

    @Test(arguments: ["CONNECT", "EHLO", "MAIL", "RCPT", "DATA"])
    func `a line that breaks before the message has left is not ambiguous`(command: String) async throws {
        let peer = try MailPeer([command: .cut])
        let error = await #expect(throws: TransferError.self) { try await MailClient.local().send(.hello(peer.url)) }
        #expect(error?.phase == .beforeSend)
    }

    @Test func `F15: a line that breaks in the middle of the message is not ambiguous`() async throws {
        let peer = try MailPeer(["BODY": .cut])
        let long = "Subject: x\r\n\r\n" + String(repeating: "a line of text\r\n", count: 2_000_000)
        let error = await #expect(throws: TransferError.self) { try await MailClient.local().send(.hello(peer.url, long)) }
        #expect(error?.reason == .interrupted && error?.phase == .beforeSend)
    }

    @Test func `F16: a line that breaks after the final dot is ambiguous, and the mail is not sent again`() async throws {
        let peer = try MailPeer([".": .cut])
        let error = await #expect(throws: TransferError.self) { try await MailClient.local().send(.hello(peer.url)) }
        #expect(error?.reason == .interrupted && error?.phase == .afterSend)
        #expect(peer.connections == 1)
    }

    @Test func `a server that never answers the final dot meets the deadline`() async throws {
        let peer = try MailPeer([".": .hang])
        var transfer = MailTransfer.hello(peer.url)
        transfer.deadline = .milliseconds(300)
        let error = await #expect(throws: TransferError.self) { try await MailClient.local().send(transfer) }
        #expect(error?.reason == .timeout && error?.phase == .afterSend)
    }

    @Test func `a server that hangs delays no other`() async throws {
        let (slow, quick) = (try MailPeer([".": .hang]), try MailPeer())
        let client = try MailClient.local()
        let waiting = Task { try await client.send(.hello(slow.url)) }
        while !slow.lines.contains("hello") { await Task.yield() }
        #expect(try await client.send(.hello(quick.url)).code == 250)
        waiting.cancel()
        let error = await #expect(throws: TransferError.self) { try await waiting.value }
        #expect(error?.reason == .cancelled && error?.phase == .afterSend)
    }

    @Test func `a goodbye that is never answered does not keep the refusal back`() async throws {
        let peer = try MailPeer(["RCPT": .reply("550 no"), "QUIT": .hang])
        // The server hangs for as long as it lives, so an answer at all is one that did not wait for it.
        #expect(try await MailClient.local().send(.hello(peer.url)).code == 550)
    }

    @Test(arguments: ["tls=required", "tls=optional"])
    func `F24: where STARTTLS is not offered, neither password nor mail leaves`(query: String) async throws {
        let peer = try MailPeer(extensions: ["AUTH PLAIN"])
        var transfer = MailTransfer.hello("\(peer.url)?\(query)")
        (transfer.username, transfer.password) = ("u", "p")
        let error = await #expect(throws: TransferError.self) { try await MailClient.local().send(transfer) }
        #expect(error?.reason == .tls && error?.phase == .beforeSend)
        #expect(error?.detail == "the server offers no STARTTLS, or refuses it")
        #expect(!peer.lines.contains { $0.hasPrefix("AUTH") || $0.hasPrefix("MAIL") })
    }

    @Test(arguments: [(TLSServer.Certificate.selfSigned, "self-signed"), (.expired, "expired"), (.otherName, "subject name")])
    func `F24: a certificate that proves nothing is refused, and why is said`(certificate: TLSServer.Certificate, words: String)
        async throws
    {
        let server = try TLSServer(certificate: certificate)
        let url = server.url.replacing("https", with: "smtps").dropLast()
        let client = try MailClient.local(authorities: server.authority)
        let error = await #expect(throws: TransferError.self) { try await client.send(.hello(String(url))) }
        #expect(error?.reason == .tls && error?.phase == .beforeSend)
        #expect(error?.detail.contains(words) == true)
    }

    @Test(arguments: [
        "c@d.test>\r\nRCPT TO:<e@f.test", "c@d.test\n", "c\u{0}@d.test", "c", "@d.test", "c@", "c d@e.test", "c@d..test", "<c@d.test>",
        "c@d.test,e@f.test",
        "c@d.test> SIZE=1", "\"a\r\nb\"@c.test", String(repeating: "a", count: 65) + "@d.test",
    ])
    func `an address that could be read as more than an address is refused`(address: String) async throws {
        let peer = try MailPeer()
        for transfer in [MailTransfer.hello(peer.url, to: address), .hello(peer.url, from: address)] {
            let error = await #expect(throws: TransferError.self) { try await MailClient.local().send(transfer) }
            #expect(error?.reason == .invalidRequest)
        }
        #expect(peer.connections == 0)
    }

    @Test(arguments: [
        "a\nb\r\n", "a\rb\r\n", "a\r\n.\nMAIL FROM:<x@y.test>\r\n", "a", "a\u{0}\r\n", String(repeating: "a", count: 999) + "\r\n", "",
    ])
    func `a message whose lines could be read two ways is refused`(text: String) async throws {
        let error = await #expect(throws: TransferError.self) { try await MailClient.local().send(.hello("smtp://127.0.0.1:2525", text)) }
        #expect(error?.reason == .invalidRequest)
    }

    @Test(arguments: [
        ("smtp://mail.example:587", MailServer.Security.required), ("smtp://mail.example", .required), ("smtps://mail.example", .required),
        ("smtp://127.0.0.1:2525", .never), ("smtp://localhost:25", .never), ("smtp://[::1]:25", .never),
        ("smtp://127.0.0.1:25?tls=required", .required), ("smtp://mail.example?tls=optional", .optional),
        ("smtp://mail.example?tls=never", .never),
    ])
    func `how the line is protected stands in the URL`(url: String, security: MailServer.Security) throws {
        #expect(try MailServer(url: url, service: .smtp).security == security)
    }

    @Test(arguments: [
        ("http://mail.example", TransferError.Reason.schemeNotAllowed), ("imap://mail.example", .schemeNotAllowed),
        ("smtp://", .invalidRequest),
        ("smtp://u:p@mail.example", .userInfoNotAllowed), ("smtp://mail.example/x", .invalidRequest),
        ("smtp://mail.example?tls=no", .invalidRequest),
        ("smtps://mail.example?tls=never", .invalidRequest), ("smtp://mail.example:22", .portNotAllowed),
        ("smtp://10.0.0.1:25", .egressDenied),
        ("smtp://mail.example:6379", .portNotAllowed), ("smtp://mail.example\r\n", .invalidRequest),
    ])
    func `a URL that is no mail server's, or may not be reached, is refused`(url: String, reason: TransferError.Reason) async throws {
        let error = await #expect(throws: TransferError.self) { try await MailClient.local().send(.hello(url)) }
        #expect(error?.reason == reason)
    }
}
