import Foundation
import Parley
import Testing

@testable import Channels

@Suite struct MailReadingTests {
    private static func read(_ fields: String, _ body: String) throws -> IncomingMail { try IncomingMail(mail(fields, body)) }

    // MARK: - Charsets

    @Test(
        arguments: [
            ("iso-8859-1", [0x93, 0x80, 0x94], "“€”"), ("ISO-8859-9", [0xfe], "ş"), ("windows-1250", [0xb3, 0x9c], "łś"),
            ("cp-1251", [0xcf], "П"), ("gb2312", [0x81, 0x40], "丂"), ("x-gbk", [0xc4, 0xe3], "你"), ("ks_c_5601-1987", [0x81, 0x41], "갂"),
            ("Shift_JIS", [0x87, 0x40], "①"), ("x-sjis", [0x83, 0x5c], "ソ"), ("euc-jp", [0xa4, 0xa2], "あ"), ("big5", [0xa4, 0xa4], "中"),
            ("koi8-u", [0xa4], "є"), ("iso-8859-8-i", [0xf9], "ש"), ("tis-620", [0xa1], "ก"), ("macintosh", [0x8a], "ä"),
            ("iso-8859-6", [0xc7], "ا"), ("utf-16le", [0x41, 0x00, 0x3d, 0xd8, 0x00, 0xde], "A😀"),
            ("unicode-1-1-utf-7", Array("a+AOQ-b".utf8), "aäb"),
            ("ISO8859_2", [0xb9], "š"), ("x-windows-1251", [0xcf], "П"), ("ms-cp1251", [0xcf], "П"), ("ISO-8859-2:1987", [0xb9], "š"),
            ("iso-2022-jp", Array("\u{1b}$B-!-j\u{1b}(B!".utf8), "①㈱!"), ("iso-2022-jp", Array("\u{1b}(I1\u{1b}(B".utf8), "ｱ"),
            ("'UTF-8'", [0xc3, 0xa4], "ä"), ("iso-2022-kr", Array("\u{1b}$)C\u{0e}GQ\u{0f}".utf8), "한"),
        ] as [(String, [UInt8], String)]
    )
    func `reads charsets by the labels that browsers know`(label: String, bytes: [UInt8], text: String) {
        #expect(Charset.text(bytes, label: label) == text)
    }

    @Test(
        arguments: [
            ("utf-8", [0x61, 0xe9, 0x62], "a\u{fffd}b"), ("utf-8", [0x61, 0, 0x62], "a\u{fffd}b"), ("no-such-thing", [0xc3, 0xa4], "ä"),
            ("us-ascii", [0xe4], "ä"), ("utf-16", [0x61], ""), ("shift_jis", [0x83], "\u{fffd}"), ("gb18030", [0xff, 0x61], "\u{fffd}a"),
            ("utf-8", [0xed, 0xa0, 0x80], "\u{fffd}\u{fffd}\u{fffd}"),
            ("iso-8859-1", Array("Grüße".utf8), "Grüße"), ("windows-1252", [0xc3, 0xa4, 0xe4], "Ã¤ä"),
        ] as [(String, [UInt8], String)]
    )
    func `makes text of bytes that are not what they are said to be`(label: String, bytes: [UInt8], text: String) {
        #expect(Charset.text(bytes, label: label) == text)
    }

    @Test func `believes a page's own charset where the mail says none`() throws {
        let page = Array("<meta http-equiv=Content-Type content='text/html; charset=windows-1251'><p>".utf8) + [0xcf]
        #expect(Charset.html(page, label: nil).hasSuffix("П"))
        #expect(Charset.html(page, label: "windows-1252").hasSuffix("Ï"))
        // Whoever could read that word had no UTF-16 before them.
        #expect(Charset.html(Array("<meta charset=utf-16><p>ä".utf8), label: nil).hasSuffix("ä"))
        let declared = Array("<?xml version='1.0' encoding='koi8-r'?><p>".utf8) + [0xf0]
        #expect(Charset.html(declared, label: nil).hasSuffix("П"))
    }

    // MARK: - Headers

    @Test(arguments: [
        ("=?utf-8?q?a=C3?= =?utf-8?q?=A4b?=", "aäb"), ("=?utf-8?b?w6Q=?= =?iso-8859-1?q?=E4?=", "ää"), ("=?utf-8*de?q?=C3=A4?=", "ä"),
        ("=?gb2312?B?xOO6ww==?=", "你好"), ("a =?utf-8?x?=C3?= b", "a =?utf-8?x?=C3?= b"), ("=?utf-8?q?a_b?= c", "a b c"),
        ("=?utf-8?Q?a=0D=0ABcc:_x?=", "a Bcc: x"), ("=?utf-8?q?=E2=80=AEgpj?=", "gpj"), ("Grüße", "Grüße"),
    ])
    func `reads encoded words as people mean them`(field: String, text: String) {
        #expect(HeaderText.decode(field) == text)
    }

    @Test(arguments: [
        ("\"Keller, Anna\" <anna@anna.test>", "Keller, Anna", "anna@anna.test"), ("anna@anna.test (Anna)", "Anna", "anna@anna.test"),
        ("=?utf-8?q?J=C3=B6rg?= <j@J.Test>", "Jörg", "j@j.test"), ("<a@b.test>", "", "a@b.test"),
        ("Team: a@b.test, c@d.test;", "", "a@b.test"),
        ("\"a@evil.test\" <b@good.test>", "a@evil.test", "b@good.test"),
        ("Anna <@x.test,@y.test:anna@anna.test>", "Anna", "anna@anna.test"),
        ("=?utf-8?B?QW5uYSBLZWxsZXIgPGFubmFAYW5uYS50ZXN0Pg==?=", "Anna Keller", "anna@anna.test"),
        ("Anna <<anna@anna.test>>", "Anna", "anna@anna.test"), ("mailto:a@b.test", "", "a@b.test"),
        ("\"a b\"@c.test", "", "\"a b\"@c.test"), (#""a\"b"@c.test"#, "", #""a\"b"@c.test"#),
        (#"<"a\">b"@c.test>"#, "", #""a\">b"@c.test"#),
        ("Keller, Anna <anna@anna.test>", "Keller, Anna", "anna@anna.test"),
        ("b@b.test, Anna <anna@anna.test>", "", "b@b.test"), ("<anna@anna.test.>", "", "anna@anna.test"),
        ("\u{1b}$B;3ED\u{1b}(B <y@c.test>", "山田", "y@c.test"),
    ])
    func `reads addresses as the standard and as programs write them`(field: String, name: String, address: String) {
        let first = MailboxList(Array(field.utf8)).mailboxes.first
        #expect(first?.name == name)
        #expect(first?.address.description == address)
    }

    // MARK: - Bodies

    @Test func `takes the text around a picture as one text, and the page with its picture`() throws {
        let read = try Self.read(
            "Content-Type: multipart/mixed; boundary=m",
            "--m\nContent-Type: text/html\n\n<p>Before</p>\n--m\nContent-Type: image/gif\nContent-ID: <p1>\nContent-Disposition: inline; filename=p.gif\n"
                + "Content-Transfer-Encoding: base64\n\nR0lGODlh\n--m\nContent-Type: text/plain\n\nAfter < all\n--m--\n"
        )
        #expect(read.text.split(separator: "\n", omittingEmptySubsequences: true) == ["Before", "After < all"])
        #expect(read.body.html?.contains("After &lt; all") == true)
        #expect(read.body.files.map(\.isInline) == [true])
        #expect(read.body.files.map(\.file.contentType) == ["image/gif"])
    }

    @Test func `finds the page of a related mail by its start`() throws {
        let read = try Self.read(
            "Content-Type: multipart/related; boundary=r; start=\"<page@x>\"",
            "--r\nContent-Type: image/png\nContent-ID: <pic@x>\n\nx\n--r\nContent-Type: text/html\nContent-ID: <page@x>\n\n<p>Hi <img src=cid:pic@x></p>\n--r--\n"
        )
        #expect(read.body.html?.contains("Hi") == true)
        #expect(read.body.files.map(\.contentID) == ["pic@x"])
    }

    @Test func `reads an invitation that comes alone`() throws {
        let event =
            "BEGIN:VCALENDAR\nBEGIN:VEVENT\nSUMMARY:Call\\, at last\nLOCATION:Room\n  1\nDESCRIPTION:a\\nb\nEND:VEVENT\nEND:VCALENDAR\n"
        let read = try Self.read("Content-Type: text/calendar; method=REQUEST", event)
        #expect(read.text == "Call, at last\nRoom 1\na\nb")
        #expect(read.body.files.count == 1)
    }

    @Test(
        arguments: [
            ("quoted-printable", "a =  \nb=\t\nc \t\nd", "a bc\nd"),
            ("x-uuencode", "words before\nbegin 644 a.txt\n#0V%T\n`\nend\nwords behind\n", "Cat"),
            ("base64", "Z3LDvMOfZQ\n\n_______\nList mailing list\n", "grüße"), ("base64", "Z3LDvMOfZQ==\n--\nfooter", "grüße"),
            ("base64", "Dear all, this is plain.\nBye", "Dear all, this is plain.\nBye"), ("base64", "  Z3LD vMOf\nZQ==", "grüße"),
        ]
    )
    func `undoes encodings as they are in life`(name: String, body: String, text: String) {
        #expect(String(decoding: TransferEncoding.decode(Array(body.utf8), as: name), as: UTF8.self) == text)
    }

    @Test(arguments: [
        ("text/plain charset=koi8-r", "text/plain", "charset", "koi8-r"), ("text/html, charset=utf-8", "text/html", "charset", "utf-8"),
        ("text/plain; charset=us-ascii (Plain text)", "text/plain", "charset", "us-ascii"),
        ("text/plain (a; b) ; charset=utf-8", "text/plain", "charset", "utf-8"),
        ("application/pdf; name=report(1).pdf", "application/pdf", "name", "report(1).pdf"),
        ("application/pdf; name=Scan (2).pdf; x=1", "application/pdf", "name", "Scan (2).pdf"),
    ])
    func `reads types as programs write them`(field: String, name: String, parameter: String, value: String) {
        let type = ContentType(Array(field.utf8))
        #expect(type?.name == name)
        #expect(type?.parameters[parameter] == value)
    }

    @Test func `finds the page of a related mail that does not come first and is not named`() throws {
        let read = try Self.read(
            "Content-Type: multipart/related; boundary=r",
            "--r\nContent-Type: image/png\nContent-ID: <pic@x>\n\nx\n--r\nContent-Type: text/html\nContent-ID: <page@x>\n\n<p>Hi <img src=cid:pic@x></p>\n--r--\n"
        )
        #expect(read.visibleText == "Hi")
        #expect(read.body.files.map(\.contentID) == ["pic@x"])
    }

    @Test func `reads the bare bytes of a subject in the charset of the text`() throws {
        let bytes =
            Array("From: a@b.test\nSubject: ".utf8) + [0xf0, 0xd2] + Array("\nContent-Type: text/plain; charset=koi8-r\n\nx\n".utf8)
        #expect(try IncomingMail(bytes).subject == "Пр")
    }

    // MARK: - Machines

    @Test(arguments: [
        ("Automatic reply: Mail delivery of my order", "anna@anna.test", "I am away."),
        ("Out of Office: Message delayed - ticket 5", "anna@anna.test", "I am away."),
        ("Re: Your mail delivery question", "postmaster@anna.test", "Your mail could not be delivered because of my typo, sorry."),
    ])
    func `words in an answer make it no bounce`(subject: String, from: String, text: String) throws {
        let fields = "From: \(from)\nTo: us@bridge.test\nSubject: \(subject)\nIn-Reply-To: <1@bridge.test>\nReturn-Path: <>\n\n\(text)\n"
        #expect(try IncomingMail(Array(fields.utf8)).report == nil)
    }

    @Test(arguments: [
        (
            "Returned mail: see transcript for details",
            "The original message was received at Mon\n\n   ----- The following addresses had permanent fatal errors -----\n<gone@remote.test>\n"
                + "    (reason: 550 5.1.1 User unknown)\n\n   ----- Original message follows -----\n\nMessage-ID: <out-9@bridge.test>\n"
        ),
        (
            "Mail delivery failed: returning message to sender",
            "A message sent by <us@bridge.test> could not be delivered. The following address(es) failed:\n\n  gone@remote.test\n    550 5.1.1 no\n\n"
                + "------ This is a copy of the message, including all the headers. ------\n\nMessage-Id:\n  <out-9@bridge.test>\n"
        ),
        (
            "Undeliverable: Your ticket",
            "The following recipient(s) cannot be reached:\n\n  gone@remote.test on 02.03.2026 09:01\n  <mx.remote.test #5.1.1>\n\nMessage-ID: <out-9@bridge.test>\n"
        ),
        (
            "Nachricht konnte nicht zugestellt werden",
            "Ihre Nachricht an gone@remote.test konnte nicht zugestellt werden:\n550 5.1.1 unbekannt\n\nMessage-ID: <out-9@bridge.test>\n"
        ),
    ])
    func `finds in the words of a bounce who failed, why, and which mail`(subject: String, text: String) throws {
        let fields = "From: mailer-daemon@remote.test\nTo: us@bridge.test\nSubject: \(subject)\nReturn-Path: <>\n\n\(text)"
        guard case .delivery(let report)? = try IncomingMail(Array(fields.utf8)).report else { return #expect(Bool(false)) }
        #expect(report.main.address == "gone@remote.test" && report.main.status == "5.1.1" && report.main.action == .failed)
        #expect(report.original == "<out-9@bridge.test>")
    }

    @Test(arguments: [
        "X-FC-MachineGenerated: true", "X-POST-MessageClass: 9; Autoresponder", "Preference: auto_reply", "Delivered-To: Autoresponder",
        "X-Auto-Reply-From: ben@port.test", "X-Port-Autoresponder: on",
    ])
    func `knows the marks of answering machines`(field: String) throws {
        #expect(try IncomingMail(mail(field, "I am away.")).isAutomatic)
    }

    @Test(arguments: ["X-Auto-Response-Suppress: OOF", "X-Autoreply: no", "X-Autoresponder:", "X-Original-Auto: yes"])
    func `other fields make no machine of a person`(field: String) throws {
        #expect(try !IncomingMail(mail(field, "I am here.")).isAutomatic)
    }

    // MARK: - What comes in

    @Test func `joins flowed lines, and keeps quoted ones quoted`() {
        #expect(FlowedText.joined("a \nb\n> c \n> d\n>> e\n f\n-- \nx", deletesSpace: false) == "a b\n> c d\n>> e\nf\n-- \nx")
        #expect(FlowedText.joined("a \nb\n", deletesSpace: true) == "ab\n")
    }

    @Test(arguments: [
        ("../../etc/passwd", "passwd"), ("C:\\Users\\me\\a.doc", "a.doc"), ("a\u{0}b\tc.txt", "ab c.txt"), ("...", nil),
        ("  .hidden ", "hidden"),
        ("photo\u{202e}gpj.exe", "photogpj.exe"), ("CON", "_CON"), ("lpt1.txt", "_lpt1.txt"), ("console.txt", "console.txt"),
        ("CON .txt", "_CON .txt"), ("conin$", "_conin$"), ("CONOUT$.log", "_CONOUT$.log"), ("a:b", "a_b"), ("nul:", "nul_"),
        ("CON.\(String(repeating: "a", count: 300))", "_CON.\(String(repeating: "a", count: 250))"),
        (String(repeating: "a", count: 300) + ".pdf", String(repeating: "a", count: 251) + ".pdf"),
    ])
    func `makes names of files safe`(name: String, safe: String?) {
        #expect(FileName.safe(name) == safe)
    }

    @Test(arguments: [
        ("%PDF-1.7", "image/png", "application/pdf"), ("GIF89a", "application/octet-stream", "image/gif"),
        ("<html><script>", "image/png", "text/html"), ("MZ\u{1}", "image/png", "application/octet-stream"),
        ("<svg/>", "image/svg+xml", "image/svg+xml"), ("AC1032", "image/vnd.dwg", "image/vnd.dwg"),
        (
            "PK\u{3}\u{4}", "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
            "application/vnd.openxmlformats-officedocument.wordprocessingml.document"
        ), ("hello", "text/plain", "text/plain"),
    ])
    func `says of a file what its bytes say`(bytes: String, declared: String, type: String) {
        #expect(FileType.sniff(Array(bytes.utf8), declared: declared) == type)
    }

    @Test(arguments: [
        ("MZ\u{90}\u{0}", "image/png", "application/octet-stream"), ("plain words", "image/png", "text/plain"),
        ("\u{0}\u{1}\u{2}", "image/jpeg", "application/octet-stream"), ("GIF89a", "image/png", "image/gif"),
    ])
    func `a picture whose bytes are those of none is none, and says what it claimed (B50)`(bytes: String, declared: String, type: String) {
        let file = AttachmentFile(received: Array(bytes.utf8), declaredType: declared, filename: nil)
        #expect(file.contentType == type)
        #expect(file.media().json["declaredType"] == .string(declared))
    }

    @Test func `reads the beginning of a text that has no end, and keeps all of it as a file (I16)`() throws {
        let line = String(repeating: "word ", count: 10) + "\r\n"
        let text = String(repeating: line, count: 40_000)
        let read = try Self.read("Content-Type: text/plain; charset=utf-8", text)
        #expect(text.replacing("\r\n", with: "\n").hasPrefix(read.text))
        #expect(290_000...300_000 ~= read.text.utf8.count)
        #expect(read.body.files.map(\.file.bytes.count) == [text.utf8.count])
        #expect(read.body.files.map(\.file.filename) == ["file-1.txt"])
    }

    @Test(arguments: [("text/plain", "words \r\n"), ("text/html", "<p>words</p>\r\n")])
    func `what many parts say is read up to the same bound, and the others are files (I16)`(type: String, line: String) throws {
        let parts = (0..<100).map { _ in "--b\r\nContent-Type: \(type)\r\n\r\n\(String(repeating: line, count: 1_000))\r\n" }.joined()
        let read = try Self.read("Content-Type: multipart/mixed; boundary=b", parts + "--b--\r\n")
        #expect(read.text.utf8.count < 300_000 && read.text.contains("words"))
        #expect((read.body.html ?? "").utf8.count < 310_000)
        #expect(60...95 ~= read.body.files.count)
    }

    @Test func `hashes the same mail to the same whichever way it came`() throws {
        let one = try IncomingMail(mail("X-A: b", "Text"))
        let other = try IncomingMail(
            mail(
                "Received: from a by b\nFrom: Anna <anna@anna.test>\nTo: support@bridge.test\nSubject: Hello\nMessage-ID: <1@anna.test>\n\nText"
            )
        )
        #expect(one.digest == other.digest)
        #expect(one.digest != (try IncomingMail(mail("X-A: b", "Text2"))).digest)
    }

    @Test func `reads ids that a mail program folded into encoded words`() {
        let field = "=?utf-8?q?=3C01a213e3-4b1c-7bdf-8c56-0cad47adcabd=2Epabcdefghij?=\r\n =?utf-8?q?klmnop=40parley=2Etest=3E?= <b@c.test>"
        #expect(
            MessageIDs.read(Array(field.utf8)) == ["<01a213e3-4b1c-7bdf-8c56-0cad47adcabd.pabcdefghijklmnop@parley.test>", "<b@c.test>"]
        )
    }
}
