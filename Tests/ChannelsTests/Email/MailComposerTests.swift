import Channels
import Foundation
import Parley
import Testing

@Suite struct MailComposerTests {
    private func draft(
        subject: String = "hello",
        text: String = "hello",
        html: String = "<p>hello</p>",
        files: [MailDraft.File] = [],
        name: String? = nil,
        to: String = "c@d.test",
        references: [String] = []
    ) -> MailDraft {
        MailDraft(
            from: .init(name: name, address: "support@example.test"),
            to: .init(address: to),
            replyTo: .init(address: "support+pabc@example.test"),
            subject: subject,
            date: Date(timeIntervalSince1970: 1_700_000_000),
            messageID: "<1.pabc@example.test>",
            inReplyTo: references.last,
            references: references,
            text: text,
            html: html,
            files: files
        )
    }

    private func file(_ bytes: [UInt8], _ type: String, _ name: String?) -> AttachmentFile {
        AttachmentFile(sha256: Crypto.sha256(bytes), contentType: type, filename: name, bytes: bytes)
    }

    @Test(arguments: [
        "hello", "Grüße aus Köln", "日本語の件名がとても長いので、エンコードされた語はいくつにも分かれなければならない。本当に長い件名です。", "👩‍👩‍👧‍👦 family", "a  b", "",
        String(repeating: "word ", count: 60) + "end",
    ])
    func `a subject comes out as it went in`(subject: String) throws {
        let bytes = try MailComposer.bytes(of: self.draft(subject: subject))
        #expect(ReadMail(bytes)?.headers["subject"] == subject)
    }

    @Test(arguments: ["Jane Doe", "Jörg \"Joe\" Müller, Sales", "a@b", "山田太郎", "x <y@z.test>"])
    func `a name stays beside the one address`(name: String) throws {
        let from = try #require(ReadMail(MailComposer.bytes(of: self.draft(name: name)))?.headers["from"])
        #expect(from.hasSuffix("<support@example.test>"))
        #expect(from.dropLast("<support@example.test>".count).contains { name.contains($0) })
        #expect(from.matches(of: /<[^<>]*@[^<>]*>/).count == (name.contains("<") ? 2 : 1))
    }

    @Test(arguments: [
        "hello\nworld", ".\n..\n.hidden\n", "From the start\nFrom here\n", String(repeating: "long ", count: 2_000), "Grüße 👋\n日本語",
        "trailing  \n  \n", "",
        "a\r\nb\rc", "--=_x\n--", "=3D = \t",
    ])
    func `a text comes out as it went in, in lines any server carries`(text: String) throws {
        let bytes = try MailComposer.bytes(of: self.draft(text: text, html: "<p>\(text)</p>"))
        let mail = try #require(ReadMail(bytes))
        #expect(mail.structure == "multipart/alternative(text/plain text/html)")
        let lines = text.replacing("\r\n", with: "\n").replacing("\r", with: "\n")
        #expect(mail.parts[0].text.replacing("\r\n", with: "\n") == (lines.hasSuffix("\n") ? lines : lines + "\n"))
        let raw = String(decoding: bytes, as: UTF8.self)
        #expect(bytes.allSatisfy { $0 < 0x80 && $0 != 0 })
        #expect(
            raw.split(separator: "\r\n", omittingEmptySubsequences: false).allSatisfy { $0.utf8.count <= 998 && !$0.utf8.contains(0x0a) }
        )
        #expect(raw.hasSuffix("\r\n"))
    }

    @Test func `files keep their bytes, and their names in any script`() throws {
        let bytes = (0..<10_000).map { UInt8(truncatingIfNeeded: $0 &* 31) }
        let names = ["plain.pdf", "Übersicht März.pdf", "とても長い名前のファイルがここにありますのでエンコードが必要です.pdf", "a\"b;c\\d.pdf", "a\r\nX-Evil: 1.pdf"]
        let files = names.map { MailDraft.File(file: self.file(bytes + Array($0.utf8), "application/pdf", $0)) }
        let raw = try MailComposer.bytes(of: self.draft(files: files))
        let mail = try #require(ReadMail(raw))
        #expect(mail.structure.hasPrefix("multipart/mixed(multipart/alternative(text/plain text/html) application/pdf"))
        #expect(mail.parts.dropFirst(2).map(\.filename) == names.dropLast() + ["a  X-Evil: 1.pdf"])
        #expect(mail.parts.dropFirst(2).map(\.bytes) == files.map(\.file.bytes))
        #expect(mail.parts.dropFirst(2).allSatisfy { $0.disposition == "attachment" })
        #expect(String(decoding: raw, as: UTF8.self).contains("filename*"))
    }

    @Test func `a picture of the text stands beside it, by its Content-ID`() throws {
        let picture = MailDraft.File(file: self.file([1, 2, 3], "image/png", "a.png"), isInline: true, contentID: "pic1@x")
        let other = MailDraft.File(file: self.file(Array("a\nb".utf8), "text/plain", "a.txt"))
        let mail = try #require(ReadMail(MailComposer.bytes(of: self.draft(html: "<img src=\"cid:pic1@x\">", files: [picture, other]))))
        #expect(
            mail.structure
                == "multipart/mixed(multipart/alternative(text/plain multipart/related(text/html image/png)) text/plain)"
        )
        #expect(mail.parts[2].contentID == "pic1@x" && mail.parts[2].disposition == "inline")
        #expect(mail.parts[3].text == "a\nb")
    }

    @Test(arguments: ["message/rfc822", "multipart/mixed", "text/html; charset=x\r\nX-Evil: 1", "nonsense", "", "image/svg+xml"])
    func `what a file claims to be does not change the mail around it`(type: String) throws {
        let mail = try #require(ReadMail(MailComposer.bytes(of: self.draft(files: [.init(file: self.file([0, 1, 2], type, "x"))]))))
        #expect(mail.parts.last?.bytes == [0, 1, 2])
        #expect(mail.headers["x-evil"] == nil)
    }

    @Test func `B42: no field can start another header`() throws {
        let evil = "x\r\nBcc: evil@example.test\r\n\r\nbody"
        var draft = self.draft(subject: evil, name: evil, to: "c@d.test", references: ["<a@b>\r\nBcc: evil@example.test"])
        draft.headers = ["Auto-Submitted": "auto-replied\r\nBcc: evil@example.test"]
        draft.replyTo = .init(name: evil, address: "a@b.test\r\nBcc: evil@example.test")
        draft.messageID = "<1@x>\r\nBcc: evil@example.test"
        let raw = String(decoding: try MailComposer.bytes(of: draft), as: UTF8.self)
        #expect(!raw.split(separator: "\r\n").contains { $0.lowercased().hasPrefix("bcc") })
        #expect(ReadMail(Array(raw.utf8))?.parts.first?.text.trimmingCharacters(in: .newlines) == "hello")
    }

    @Test func `threads are named as mail programs look for them`() throws {
        let ids = (0..<20).map { "<\($0).\(String(repeating: "x", count: 60))@example.test>" }
        let mail = try #require(ReadMail(MailComposer.bytes(of: self.draft(references: ids))))
        #expect(mail.headers["in-reply-to"] == ids.last)
        #expect(mail.headers["references"]?.split(whereSeparator: \.isWhitespace).map(String.init) == ids)
        #expect(mail.headers["message-id"] == "<1.pabc@example.test>")
        #expect(mail.headers["date"] == "Tue, 14 Nov 2023 22:13:20 +0000")
        #expect(mail.headers["reply-to"] == "support+pabc@example.test")
    }

    @Test func `the same draft gives the same bytes`() throws {
        let draft = self.draft(files: [.init(file: self.file([1], "image/png", "a.png"))])
        #expect(try MailComposer.bytes(of: draft) == MailComposer.bytes(of: draft))
    }
}
