import Foundation
import Parley
import Testing

@testable import SMTP

private func words(_ count: Int) -> String { (0..<count).map { "word\($0)" }.joined(separator: " ") }

@Suite struct SessionMailTests {
    @Test func `a mail arrives as it was sent, eight bits and dots and all, behind our trace`() {
        var driver = SessionDriver.inMail()
        driver.codes("DATA")
        let text = "Subject: Grüße\r\n\r\n..dot\r\n\u{0}x\r\n" + String(repeating: "y", count: 998) + "\r\n"
        driver.send(text + ".\r\n")
        #expect(driver.takeCodes() == ["250 2.0.0"])
        let (envelope, got) = driver.delivered[0]
        #expect(got == text.replacing("..dot", with: ".dot"))
        #expect(envelope.sender == "a@sender.test" && envelope.client.helo == "client.test" && envelope.client.address == "192.0.2.1")
        #expect(envelope.recipients == [MailRecipient(address: SessionDriver.known, mailbox: "support")])
    }

    @Test func `the trace says who brought the mail, how and when`() {
        let trace = Trace.header(
            client: SMTPPeer(address: "2001:db8::1", helo: "c <x>", isEncrypted: true, user: "u"),
            host: "mx.parley.test",
            dialect: .smtp,
            isExtended: true,
            isUTF8: false,
            recipient: "support@parley.test",
            at: .init(timeIntervalSince1970: 1_772_442_000)
        )
        #expect(
            String(decoding: trace, as: UTF8.self) == """
                Received: from unknown ([IPv6:2001:db8::1])\r
                \tby mx.parley.test (Parley) with ESMTPSA\r
                \tfor <support@parley.test>;\r
                \tMon, 2 Mar 2026 09:00:00 +0000\r

                """
        )
    }

    @Test(arguments: [
        "a\n.\nMAIL FROM:<ceo@victim.test>\r\n", "a\r.\rb\r\n", "a\r\n.\nb\r\n", "a\n.\r\nb\r\n", "lone \n lf\r\n", "lone \r cr\r\n",
    ])
    func `smuggling is refused with one reply, and the session goes on (B84, B85)`(_ text: String) {
        var driver = SessionDriver.inMail()
        driver.codes("DATA")
        driver.send("Subject: x\r\n\r\n" + text + ".\r\nNOOP\r\n")
        #expect(driver.takeCodes() == ["550 5.5.2", "250 2.0.0"] && driver.delivered.isEmpty)
        #expect(driver.budget.available == SMTPLimits().totalBytes)
    }

    @Test func `more than the limit is thrown away as it comes (B82)`() {
        var limits = SMTPLimits()
        limits.messageBytes = 100_000
        var driver = SessionDriver.inMail(limits: limits)
        driver.codes("DATA")
        for _ in 0..<20 { driver.send(String(repeating: "x", count: 9_998) + "\r\n") }
        #expect(driver.session.intake?.bytes.isEmpty == true && driver.budget.available == limits.totalBytes)
        #expect(driver.codes(".", "MAIL FROM:<a@b.test>") == ["552 5.3.4", "250 2.1.0"])

        var fitting = SessionDriver.inMail(limits: limits)
        fitting.codes("DATA")
        for _ in 0..<10 { fitting.send(String(repeating: "x", count: 9_998) + "\r\n") }
        #expect(fitting.codes(".") == ["250 2.0.0"] && fitting.delivered[0].text.utf8.count { $0 == UInt8(ascii: "x") } == 99_980)
    }

    @Test(
        arguments: [
            ("Subject: \(words(300))", words(300), "at blanks"),
            ("X-Blob: \(String(repeating: "x", count: 3_000))", String(repeating: "ü", count: 2_000), "where there are none"),
            ("Subject: \(String(repeating: "ü ", count: 800))", String(repeating: "日本 ", count: 700), "within no character"),
        ]
    )
    func `lines beyond 998 octets are folded (B81)`(_ header: String, _ line: String, _ how: String) {
        let mail = Array("\(header)\r\nTo: a@b.test\r\n\r\n\(line)\r\nend\r\n.\r\n".utf8)
        var seen: Set<String> = []
        for size in [1, 7, 997, 998, 999, mail.count] {
            var driver = SessionDriver.inMail()
            driver.codes("DATA")
            for start in stride(from: 0, to: mail.count, by: size) { driver.send(Array(mail[start..<min(start + size, mail.count)])) }
            seen.insert(driver.delivered[0].text)
        }
        #expect(seen.count == 1, "however the bytes are cut")
        let text = seen.first ?? ""
        #expect(text.split(separator: "\r\n").allSatisfy { $0.utf8.count <= 998 }, "folded \(how)")
        #expect(!text.unicodeScalars.contains("\u{fffd}"))
        let sides = text.split(separator: "\r\n\r\n", maxSplits: 1)
        #expect(sides[0].replacing("\r\n", with: "").replacing(" ", with: "") == "\(header)To: a@b.test".replacing(" ", with: ""))
        #expect(sides[0].split(separator: "\r\n").dropFirst().dropLast().allSatisfy { $0.hasPrefix(" ") }, "header goes on behind a blank")
        #expect(sides[1].replacing("\r\n", with: "") == "\(line)end", "nothing is added to a body but line ends")
    }

    @Test func `what is beyond the memory of all sessions is put off, not refused`() {
        var limits = SMTPLimits()
        limits.totalBytes = 200_000
        var driver = SessionDriver.inMail(limits: limits)
        driver.codes("DATA")
        driver.send(String(repeating: "x", count: 300_000) + "\r\n.\r\n")
        #expect(driver.takeCodes() == ["452 4.3.1"] && driver.budget.available == limits.totalBytes)
        #expect(driver.budget.take(150_000))
        driver.codes("MAIL FROM:<a@b.test>", "RCPT TO:<\(SessionDriver.known)>")
        #expect(driver.codes("DATA") == ["452 4.3.1"])
        driver.budget.give(150_000)
        #expect(driver.codes("DATA") == ["354"])
    }

    @Test func `a mail's memory is given back when it is stored, or its session gone`() {
        let all = SMTPLimits().totalBytes
        var driver = SessionDriver.inMail()
        driver.holdsDelivery = true
        driver.codes("DATA", "x", ".")
        #expect(driver.budget.available < all && driver.session.wait == .nothing)
        driver.session.ended()
        #expect(driver.budget.available < all)
        #expect(driver.session.delivered(.accepted(id: "late")).isEmpty)
        #expect(driver.budget.available == all)

        var cut = SessionDriver.inMail()
        cut.codes("DATA", "half a mess")
        #expect(cut.budget.available < all)
        cut.session.ended()
        #expect(cut.budget.available == all && cut.delivered.isEmpty)
    }

    @Test func `chunks make one mail, their dots are text, and a chunk without a mail is read and refused`() {
        var driver = SessionDriver.inMail()
        driver.send("BDAT 14\r\nSubject: x\r\n\r\nBDAT 10\r\na\r\n.\r\n..\r\nBDAT 0 LAST\r\nNOOP\r\n")
        #expect(driver.takeCodes() == ["250 2.0.0", "250 2.0.0", "250 2.0.0", "250 2.0.0"])
        #expect(driver.delivered.map(\.text) == ["Subject: x\r\n\r\na\r\n.\r\n..\r\n"])
        driver.send("BDAT 6 LAST\r\nQUIT\r\nNOOP\r\n")
        #expect(driver.takeCodes() == ["503 5.5.1", "250 2.0.0"])
        driver.codes("MAIL FROM:<a@b.test>", "RCPT TO:<\(SessionDriver.known)>", "BDAT 3", "x")
        #expect(driver.codes("DATA", "RCPT TO:<\(SessionDriver.known)>") == ["503 5.5.1", "503 5.5.1"])
        #expect(driver.codes("RSET", "DATA") == ["250 2.0.0", "503 5.5.1"])
    }

    @Test func `a chunk with a lone line end is refused, also when it is cut in the middle`() {
        for text in ["a\nb\r\n", "a\rb\r\n", "a\r\nb\r"] {
            var driver = SessionDriver.inMail()
            driver.send("BDAT 2\r\n\(text.prefix(0))" + String(decoding: Array(text.utf8).prefix(2), as: UTF8.self))
            let rest = String(decoding: Array(text.utf8).dropFirst(2), as: UTF8.self)
            driver.send("BDAT \(rest.utf8.count) LAST\r\n\(rest)")
            #expect(driver.takeCodes().last == "550 5.5.2" && driver.delivered.isEmpty)
        }
    }

    @Test func `LMTP answers once for each recipient`() {
        var driver = SessionDriver.inMail(dialect: .lmtp)
        #expect(
            driver.codes("HELO x", "RCPT TO:<who@parley.test>", "RCPT TO:<\(SessionDriver.known)>") == [
                "500 5.5.1", "550 5.1.1", "250 2.1.5",
            ]
        )
        #expect(driver.codes("DATA", "x", ".") == ["354", "250 2.0.0", "250 2.0.0"])
        driver.verdict = .refused(.unavailable)
        driver.codes(
            "MAIL FROM:<>",
            "RCPT TO:<\(SessionDriver.known)>",
            "RCPT TO:<\(SessionDriver.known)>",
            "RCPT TO:<\(SessionDriver.known)>"
        )
        #expect(driver.codes("DATA", "x", ".") == ["354", "451 4.3.0", "451 4.3.0", "451 4.3.0"])
    }

    @Test func `a mail goes to ten mailboxes at most, the rest are for another mail`() {
        var driver = SessionDriver.inMail()
        for number in 2...10 { #expect(driver.codes("RCPT TO:<box\(number)@many.test>") == ["250 2.1.5"]) }
        #expect(driver.codes("RCPT TO:<box11@many.test>", "RCPT TO:<box2@many.test>") == ["452 4.5.3", "250 2.1.5"])
        #expect(driver.codes("DATA", "hello", ".") == ["354", "250 2.0.0"])
        #expect(driver.delivered[0].envelope.recipients.count == 11)
    }

    @Test func `recipients beyond the limit are for another mail`() {
        var driver = SessionDriver.inMail()
        for _ in 1..<100 { #expect(driver.codes("RCPT TO:<\(SessionDriver.known)>") == ["250 2.1.5"]) }
        #expect(driver.codes("RCPT TO:<\(SessionDriver.known)>") == ["452 4.5.3"])
    }

    @Test(
        arguments: [
            (["AUTH PLAIN AHUAc2VjcmV0"], ["235 2.7.0"]),
            (["AUTH PLAIN", "AHUAc2VjcmV0"], ["334", "235 2.7.0"]),
            (["AUTH LOGIN", "dQ==", "c2VjcmV0"], ["334", "334", "235 2.7.0"]),
            (["auth login dQ==", "c2VjcmV0", "MAIL FROM:<a@b.test> AUTH=<>"], ["334", "235 2.7.0", "250 2.1.0"]),
            (["AUTH PLAIN AHUAeA==", "NOOP"], ["535 5.7.8", "250 2.0.0"]),
            (["AUTH PLAIN", "*", "NOOP"], ["334", "501 5.7.0", "250 2.0.0"]),
            (["AUTH PLAIN =", "AUTH PLAIN !", "AUTH CRAM-MD5"], ["501 5.5.2", "501 5.5.2", "504 5.5.4"]),
            (["AUTH PLAIN AHUAeA==", "AUTH PLAIN AHUAeA==", "AUTH PLAIN AHUAeA=="], ["535 5.7.8", "535 5.7.8", "421 4.7.0"]),
            (["AUTH PLAIN AHUAc2VjcmV0", "AUTH PLAIN AHUAc2VjcmV0"], ["235 2.7.0", "503 5.5.1"]),
            (["MAIL FROM:<a@b.test>"], ["530 5.7.0"]),
        ] as [([String], [String])]
    )
    func `submission asks who it is`(_ lines: [String], _ codes: [String]) {
        var driver = SessionDriver(authentication: .required, address: "127.0.0.1")
        driver.codes("EHLO c")
        for line in lines { driver.send(line + "\r\n") }
        #expect(driver.takeCodes() == codes)
    }

    @Test func `a password is not taken in clear from another machine`() {
        var driver = SessionDriver(authentication: .required)
        driver.codes("EHLO c")
        #expect(driver.codes("AUTH PLAIN AHUAc2VjcmV0", "STARTTLS", "EHLO c") == ["538 5.7.11", "220 2.0.0", "250"])
        #expect(driver.codes("AUTH PLAIN AHUAc2VjcmV0", "MAIL FROM:<a@b.test>") == ["235 2.7.0", "250 2.1.0"])
        #expect(driver.session.client.user == "u")
    }
}
