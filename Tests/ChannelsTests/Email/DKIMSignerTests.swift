import Channels
import Foundation
import Testing

/// That receivers take the signatures is shown with dkimpy, in Tests/Peers/test_mail_out.py.
@Suite struct DKIMSignerTests {
    private static func openssl(_ arguments: [String]) throws -> String {
        let process = Process()
        let output = Pipe()
        process.executableURL = URL(filePath: "/usr/bin/env")
        process.arguments = ["openssl"] + arguments
        process.standardOutput = output
        process.standardError = FileHandle.nullDevice
        try process.run()
        let text = String(decoding: output.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
        process.waitUntilExit()
        return text
    }

    @Test(arguments: [
        (["genpkey", "-algorithm", "RSA", "-pkeyopt", "rsa_keygen_bits:1024"], true), (["genpkey", "-algorithm", "ed25519"], true),
        (["genpkey", "-algorithm", "RSA", "-pkeyopt", "rsa_keygen_bits:512"], false), (["genpkey", "-algorithm", "x25519"], false),
        (["genpkey", "-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-256"], false),
        (["genpkey", "-algorithm", "ed25519", "-aes256", "-pass", "pass:secret"], false), (["version"], false),
    ])
    func `a key signs or is refused when the settings are read`(arguments: [String], signs: Bool) throws {
        let pem = try Self.openssl(arguments)
        #expect((DKIMSigner(domain: "example.test", selector: "s1", key: pem) != nil) == signs)
    }

    @Test(arguments: ["", "a b", "a;b=c", "example.test\r\nX: y", ".", "a..b"])
    func `a name that DNS could not hold is refused`(name: String) throws {
        let pem = try Self.openssl(["genpkey", "-algorithm", "ed25519"])
        #expect(DKIMSigner(domain: name, selector: "s1", key: pem) == nil)
        #expect(DKIMSigner(domain: "example.test", selector: name, key: pem) == nil)
    }

    @Test func `the header stands in front, is folded, and is the same for every try`() throws {
        let signer = try #require(
            DKIMSigner(domain: "example.test", selector: "s1", key: Self.openssl(["genpkey", "-algorithm", "ed25519"]))
        )
        let mail = Array("From: a@example.test\r\nSubject:  b\r\n\tc\r\n\r\nhello\r\n".utf8)
        let at = Date(timeIntervalSince1970: 1_700_000_000)
        let signed = try signer.sign(mail, at: at)
        let text = String(decoding: signed, as: UTF8.self)
        #expect(text.hasPrefix("DKIM-Signature: v=1;\r\n a=ed25519-sha256;\r\n c=relaxed/relaxed;\r\n d=example.test;\r\n s=s1;\r\n"))
        #expect(text.contains(" h=from:from:subject;\r\n") && text.contains(" t=1700000000;\r\n"))
        #expect(signed.suffix(mail.count) == mail[...])
        #expect(text.split(separator: "\r\n").allSatisfy { $0.utf8.count <= 78 })
        #expect(try signer.sign(mail, at: at) == signed)
    }
}
