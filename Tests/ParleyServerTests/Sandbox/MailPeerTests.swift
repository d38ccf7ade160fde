import Channels
import Curl
import Foundation
import Logging
import Parley
import SMTP
import Testing

@testable import ParleyServer

@Suite struct MailPeerTests {
    private func mail(_ text: String) -> [UInt8] { Array(text.replacing("\n", with: "\r\n").utf8) }

    private func received(_ text: String) -> ReceivedMessage {
        let mail = SandboxMail(self.mail(text))
        return ReceivedMessage(
            adapter: "email",
            channel: "support@parley.example",
            to: "ann@example.org",
            text: mail.text,
            id: mail["message-id"] ?? "",
            at: Date(),
            mail: mail
        )
    }

    @Test func `a mail is read as a person would see it`() {
        let mail = SandboxMail(
            self.mail(
                """
                From: Support <support@parley.example>
                Subject: =?UTF-8?Q?Gr=C3=BC=C3?=
                 =?UTF-8?B?n2Ugc2VudA==?= today
                Content-Type: multipart/mixed; boundary="b"

                --b
                Content-Type: multipart/alternative; boundary=c

                --c
                Content-Type: text/plain; charset=utf-8
                Content-Transfer-Encoding: quoted-printable

                Gr=C3=BC=C3=9Fe, a long =
                line
                --c
                Content-Type: text/html

                <p>x
                --c--
                --b
                Content-Type: text/plain
                Content-Disposition: attachment; filename="a b.txt"

                file
                --b--

                """
            )
        )
        #expect(mail["subject"] == "Grüße sent today")
        #expect(mail.text == "Grüße, a long line")
        #expect(mail.files == ["a b.txt"])
    }

    @Test func `an answer goes where the mail asked for it and names what it answers`() throws {
        let first = self.received(
            """
            From: Support <support@parley.example>
            Reply-To: Support <support+p123@parley.example>
            Message-ID: <2@parley.example>
            References: <0@example.org> <1@example.org>
            Subject: Re: My order

            We send a new one.

            """
        )
        let answer = try #require(
            MailPeer.mail(
                from: "ann@example.org",
                to: "support@parley.example",
                subject: "Re: My order",
                text: "Thanks",
                answering: first,
                at: Date()
            )
        )
        #expect(answer.recipient == "support+p123@parley.example")
        let read = SandboxMail(answer.message)
        #expect(read["In-Reply-To"] == "<2@parley.example>")
        #expect(read["References"] == "<0@example.org> <1@example.org> <2@parley.example>")
        #expect(read.text.hasPrefix("Thanks\n\nOn ") && read.text.hasSuffix("> We send a new one."))
    }

    @Test func `mailboxes have outcomes by their names`() async throws {
        let peer = MailPeer(sandbox: try Sandbox(logger: Logger(label: "test")))
        let client = SMTPPeer(address: "127.0.0.1")
        func code(_ recipient: String) async -> Int {
            switch await peer.accept(recipient: recipient, from: "support@parley.example", client: client) {
            case .accepted: 250
            case .refused(let reply): reply.code
            }
        }
        #expect(await code("bounce@example.org") == 550)
        #expect(await code("full@example.org") == 552)
        #expect(await code("later@example.org") == 450)
        #expect(await code("later@example.org") == 250)
        #expect(await code("ann@example.org") == 250)
    }
}
