import Testing

@testable import SMTP

@Suite struct SessionTests {
    @Test(
        arguments: [
            // What must come first (B78, B79, B86)
            (["MAIL FROM:<a@b.test>", "RCPT TO:<support@parley.test>", "DATA"], ["503 5.5.1", "503 5.5.1", "503 5.5.1"]),
            (["EHLO c", "MAIL FROM:<a@b.test>", "MAIL FROM:<a@b.test>"], ["250", "250 2.1.0", "503 5.5.1"]),
            (["EHLO c", "MAIL FROM:<a@b.test>", "DATA"], ["250", "250 2.1.0", "503 5.5.1"]),
            (["EHLO c", "MAIL FROM:<a@b.test>", "RCPT TO:<x@parley.test>", "DATA"], ["250", "250 2.1.0", "550 5.1.1", "503 5.5.1"]),
            (["EHLO c", "MAIL FROM:<a@b.test>", "RSET", "MAIL FROM:<a@b.test>"], ["250", "250 2.1.0", "250 2.0.0", "250 2.1.0"]),
            (["EHLO c", "MAIL FROM:<a@b.test>", "EHLO c", "RCPT TO:<support@parley.test>"], ["250", "250 2.1.0", "250", "503 5.5.1"]),
            // Recipients (B76, B77)
            (["HELO c", "MAIL FROM:<>", "RCPT TO:<who@elsewhere.test>"], ["250", "250 2.1.0", "550 5.7.1"]),
            (["HELO c", "MAIL FROM:<>", "RCPT TO:<SUPPORT@Parley.Test>"], ["250", "250 2.1.0", "250 2.1.5"]),
            (["HELO c", "MAIL FROM:<>", "RCPT TO:<>"], ["250", "250 2.1.0", "501 5.5.4"]),
            (["HELO c", "MAIL FROM:<>", "RCPT TO:<@relay.test,@b.test:support@parley.test>"], ["250", "250 2.1.0", "250 2.1.5"]),
            (["HELO c", "MAIL FROM:<>", "RCPT TO:<support@parley.test> NOTIFY=NEVER"], ["250", "250 2.1.0", "555 5.5.4"]),
            // MAIL and its parameters (B82)
            (["EHLO c", "MAIL FROM:<a@b.test> SIZE=26214400 BODY=8BITMIME"], ["250", "250 2.1.0"]),
            (["EHLO c", "MAIL FROM:<a@b.test> SIZE=26214401"], ["250", "552 5.3.4"]),
            (["EHLO c", "MAIL FROM:<a@b.test> SIZE=99999999999999999999"], ["250", "552 5.3.4"]),
            (["EHLO c", "MAIL FROM:<a@b.test> SIZE=x"], ["250", "501 5.5.4"]),
            (["EHLO c", "MAIL FROM:<a@b.test> BODY=BINARYMIME"], ["250", "501 5.5.4"]),
            (["EHLO c", "MAIL FROM:<a@b.test> WHAT"], ["250", "555 5.5.4"]),
            (["EHLO c", "MAIL FROM:<ü@b.test>"], ["250", "553 5.6.7"]),
            (["EHLO c", "MAIL FROM:<ü@b.test> SMTPUTF8"], ["250", "250 2.1.0"]),
            (["EHLO c", "mail from: <a@b.test>"], ["250", "250 2.1.0"]),
            (["EHLO c", "MAIL FROM:a@b.test"], ["250", "250 2.1.0"]),
            (["EHLO c", "MAIL FROM:<\"a > b\"@b.test>"], ["250", "250 2.1.0"]),
            (["EHLO c", "MAIL FROM:<a@b.test"], ["250", "501 5.5.4"]),
            (["EHLO c", "MAIL FROM:<a b@b.test>"], ["250", "501 5.5.4"]),
            (["EHLO c", #"MAIL FROM:<"a"b"@b.test>"#], ["250", "501 5.5.4"]),
            (["EHLO c", "MAIL FROM:<a..b.@b.test>"], ["250", "250 2.1.0"]),
            (["EHLO c", "MAIL FROM:<>", "RCPT TO:<Postmaster>"], ["250", "250 2.1.0", "550 5.7.1"]),
            (["EHLO c", "MAIL FROM:<a@[192.0.2.1]>"], ["250", "250 2.1.0"]),
            (["EHLO c", "MAIL TO:<a@b.test>"], ["250", "501 5.5.4"]),
            // Hello
            (["EHLO", "EHLO a b", "LHLO c", "ehlo [192.0.2.1]"], ["501 5.5.4", "501 5.5.4", "500 5.5.1", "250"]),
            // The rest
            (["FROB", "NOOP x", "VRFY a", "EXPN a", "HELP"], ["500 5.5.2", "250 2.0.0", "252 2.1.5", "502 5.5.1", "214 2.0.0"]),
            (["AUTH PLAIN AGEAYg==", "", "QUIT"], ["502 5.5.1", "500 5.5.2", "221 2.0.0"]),
            (["GET / HTTP/1.1"], ["421 4.7.0"]),
            (["BDAT 5", "BDAT x"], ["503 5.5.1", "421 4.5.4"]),
        ] as [([String], [String])]
    )
    func `answers each command with its code`(_ lines: [String], _ codes: [String]) {
        var driver = SessionDriver()
        _ = driver.takeCodes()
        for line in lines { driver.send(line + (line == "BDAT 5" ? "\r\nhello" : "\r\n")) }
        #expect(driver.takeCodes() == codes)
    }

    @Test func `says what it can, and STARTTLS no more under TLS`() {
        var driver = SessionDriver(authentication: .optional)
        driver.said = []
        driver.send("EHLO c\r\n")
        #expect(
            driver.said == [
                "250-mx.parley.test", "250-PIPELINING", "250-SIZE 26214400", "250-8BITMIME", "250-SMTPUTF8", "250-CHUNKING",
                "250-ENHANCEDSTATUSCODES", "250-STARTTLS", "250 HELP",
            ]
        )
        #expect(driver.codes("MAIL FROM:<a@b.test>", "STARTTLS", "MAIL FROM:<a@b.test>").suffix(2) == ["220 2.0.0", "503 5.5.1"])
        driver.send("EHLO c\r\n")
        #expect(driver.said.contains("250-AUTH PLAIN LOGIN") && !driver.said.contains("250-STARTTLS"))
        #expect(driver.codes("STARTTLS").last == "503 5.5.1")
    }

    @Test func `commands that came with STARTTLS end the session (B87)`() {
        var driver = SessionDriver()
        driver.codes("EHLO c")
        driver.send("STARTTLS\r\nMAIL FROM:<a@b.test>\r\n")
        #expect(driver.takeCodes() == ["421 4.7.0"] && driver.isClosed)
    }

    @Test func `a line over 512 octets is refused once, however it comes (B80)`() {
        for piece in [1, 100, 10_000] {
            var driver = SessionDriver()
            driver.codes("EHLO c")
            let bytes = Array(("NOOP " + String(repeating: "x", count: 20_000) + "\r\nNOOP\r\n").utf8)
            for start in stride(from: 0, to: bytes.count, by: piece) { driver.send(Array(bytes[start..<min(start + piece, bytes.count)])) }
            #expect(driver.takeCodes() == ["500 5.5.2", "250 2.0.0"])
        }
        var driver = SessionDriver()
        _ = driver.takeCodes()
        #expect(
            driver.codes("NOOP " + String(repeating: "x", count: 505), "NOOP " + String(repeating: "x", count: 506)) == [
                "250 2.0.0", "500 5.5.2",
            ]
        )
    }

    @Test(arguments: ["NOOP\n", "NO\rOP\r\n", "\n", "NOOP\r\r\n"])
    func `a command's line ends in CR LF and nothing else (B85)`(_ line: String) {
        var driver = SessionDriver()
        _ = driver.takeCodes()
        driver.send(line + "NOOP\r\n")
        #expect(driver.takeCodes() == ["550 5.5.2", "250 2.0.0"])
    }

    @Test func `the 21st error ends the session, later ones come late, and a mail forgives (B83)`() {
        var driver = SessionDriver()
        _ = driver.takeCodes()
        for number in 1...20 { #expect(driver.codes("FROB") == ["500 5.5.2"], "error \(number)") }
        #expect(driver.codes("FROB", "NOOP") == ["421 4.7.0"] && driver.isClosed)

        var other = SessionDriver.inMail()
        for _ in 1...15 { other.codes("FROB") }
        #expect(other.codes("DATA", "Subject: x\r\n\r\nx\r\n.") == ["354", "250 2.0.0"])
        for _ in 1...15 { #expect(other.codes("FROB") == ["500 5.5.2"]) }
    }

    @Test func `errors beyond the tenth wait, and nothing is looked at meanwhile`() {
        var session = SessionDriver().session
        for _ in 1...10 { #expect(session.received(Array("FROB\r\n".utf8)).count == 1) }
        #expect(session.received(Array("FROB\r\nNOOP\r\n".utf8)) == [.pause(.milliseconds(500))])
        #expect(session.wait == .nothing && session.received(Array("NOOP\r\n".utf8)).isEmpty)
        #expect(session.pauseEnded() == [.reply(.noSuchCommand), .reply(.ok), .reply(.ok)])
    }

    @Test func `deadlines run per command, per line and per mail, not per byte`() {
        var driver = SessionDriver.inMail()
        let idle = driver.session.wait
        guard case .command = idle else { return #expect(Bool(false), "\(idle)") }
        driver.send("D")
        let line = driver.session.wait
        driver.send("A")
        #expect(line == driver.session.wait && line != idle && driver.session.patience(line) == .seconds(30))
        driver.send("TA\r\n")
        let text = driver.session.wait
        driver.send("Subject: x\r\n\r\n")
        #expect(text == driver.session.wait && driver.session.patience(text) == .seconds(600))
        _ = driver.takeCodes()
        driver.perform(driver.session.timedOut())
        #expect(driver.takeCodes() == ["421 4.4.2"] && driver.isClosed && driver.delivered.isEmpty)
    }

    @Test func `the order to stop ends an idle session at once and lets a mail finish`() {
        var idle = SessionDriver.inMail()
        idle.perform(idle.session.stop())
        #expect(idle.takeCodes() == ["421 4.3.2"] && idle.isClosed)

        var busy = SessionDriver.inMail()
        busy.codes("DATA")
        busy.perform(busy.session.stop())
        #expect(busy.takeCodes().isEmpty)
        busy.send("Subject: x\r\n\r\nx\r\n.\r\nMAIL FROM:<a@b.test>\r\n")
        #expect(busy.takeCodes() == ["250 2.0.0", "421 4.3.2"] && busy.isClosed && busy.delivered.count == 1)
    }
}
