import Foundation
import Parley
import Testing

@testable import Channels

@Suite struct MailScannerTests {
    private static func refusal(_ bytes: [UInt8], piece: Int = .max) -> MailRefusal.Code? {
        var scanner = MailScanner()
        do {
            var rest = bytes[...]
            while !rest.isEmpty {
                try scanner.feed(rest.prefix(piece))
                rest = rest.dropFirst(piece)
            }
            try scanner.finish()
            return nil
        } catch { return error.code }
    }

    private static func multipart(parts: Int) -> [UInt8] {
        mail("Content-Type: multipart/mixed; boundary=b", String(repeating: "--b\n\nx\n", count: parts) + "--b--\n")
    }
    private static func nested(_ depth: Int) -> [UInt8] {
        let open = (1..<depth).map { "--b\($0)\nContent-Type: multipart/mixed; boundary=b\($0 + 1)\n\n" }.joined()
        return mail("Content-Type: multipart/mixed; boundary=b1", open + "--b\(depth)\n\nx\n")
    }
    private static func forwarded(_ depth: Int) -> [UInt8] {
        mail(
            "Content-Type: message/rfc822",
            String(repeating: "Subject: x\nContent-Type: message/rfc822\n\n", count: depth - 1) + "Subject: y\n\nx\n"
        )
    }
    private static func fields(_ line: String, _ count: Int) -> [UInt8] { mail(String(repeating: line + "\n", count: count) + "X: y", "x") }

    @Test(arguments: [1, 7, 4_096]) func `lets no mail through that holds more than a mail may, however it is cut`(piece: Int) {
        #expect(Self.refusal(Self.multipart(parts: 900), piece: piece) == nil)
        #expect(Self.refusal(Self.multipart(parts: 1_100), piece: piece) == .tooManyParts)
        #expect(Self.refusal(Self.nested(90), piece: piece) == nil)
        #expect(Self.refusal(Self.nested(101), piece: piece) == .tooDeep)
        #expect(Self.refusal(Self.forwarded(90), piece: piece) == nil)
        #expect(Self.refusal(Self.forwarded(101), piece: piece) == .tooDeep)
        #expect(Self.refusal(Self.fields("X-A: b", 900), piece: piece) == nil)
        #expect(Self.refusal(Self.fields("X-A: b", 1_001), piece: piece) == .tooManyHeaders)
        #expect(Self.refusal(Self.fields("Received: from a by b", 50), piece: piece) == nil)
        #expect(Self.refusal(Self.fields("Received: from a by b", 51), piece: piece) == .hopCount)
        #expect(Self.refusal(mail("X-A: " + String(repeating: "y", count: 90_000), "x"), piece: piece) == nil)
        #expect(Self.refusal(mail("X-A: " + String(repeating: "y", count: 100_001), "x"), piece: piece) == .headerTooLong)
        #expect(Self.refusal(mail("X-A: b" + String(repeating: "\n yyyyyyyyy", count: 11_000), "x"), piece: piece) == .headerTooLong)
    }

    @Test func `counts the parts of a mail within a mail and the fields of its parts`() {
        let inner = String(decoding: Self.multipart(parts: 1_100), as: UTF8.self).replacing("\r\n", with: "\n")
        #expect(Self.refusal(mail("Content-Type: message/rfc822", inner)) == .tooManyParts)
        let fields = String(repeating: "X-A: b\n", count: 1_001)
        #expect(Self.refusal(mail("Content-Type: multipart/mixed; boundary=b", "--b\n\(fields)\nx\n--b--\n")) == .tooManyHeaders)
    }

    @Test(arguments: [
        ("abuse-parts-10000", "too_many_parts"), ("abuse-depth-200", "too_deep"), ("abuse-headers-10000", "too_many_headers"),
        ("abuse-header-1mb", "header_too_long"),
    ])
    func `refuses by codes that the mail server knows`(name: String, code: String) async throws {
        let reception = try await EmailAdapter().reception(of: .mail(MailCorpus.mail(name)), for: .test(["address": "support@bridge.test"]))
        guard case .refused(let given, _) = reception else {
            Issue.record("\(name): \(reception)")
            return
        }
        #expect(given == code)
    }

    /// I16, as the processor counts this thread's own work; a debug build is some five times slower than what is measured there.
    @Test(arguments: MailCorpus.names.filter { $0.hasPrefix("abuse-") }) func `an abusive mail costs no more than a second`(name: String) {
        let bytes = MailCorpus.mail(name)
        func spent() -> Double {
            var time = timespec()
            clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time)
            return Double(time.tv_sec) + Double(time.tv_nsec) / 1e9
        }
        let start = spent()
        _ = try? IncomingMail(bytes)
        #expect(spent() - start < 5, "\(name)")
    }
}
