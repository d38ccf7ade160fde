import Foundation
import Parley
import TestSupport
import Testing

@testable import Channels

/// Mails of the corpus, damaged: whatever comes, a mail is read or refused, never a crash, a hang or text that is none.
///
/// `PARLEY_FUZZ_MAILS` sets how many (a million takes hours in a debug build), `PARLEY_FUZZ_SEED` repeats a run.
@Suite struct MailFuzzTests {
    private static let spice: [[UInt8]] = [
        [0], [0xff], [0xed, 0xa0, 0x80], [0x0d], [0x0a], [0x0d, 0x0a, 0x0d, 0x0a], [0x1b, 0x24, 0x42], Array("=?utf-8?B?".utf8),
        Array("?=".utf8),
        Array("=?x?Q?=00=0d=0a?=".utf8), Array("--".utf8), Array("\r\n--b\r\n".utf8), Array(";charset=utf-16".utf8),
        Array("*0*=utf-8''%00".utf8),
        Array("\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n".utf8), Array("\r\nContent-Transfer-Encoding: base64\r\n".utf8),
        Array("\r\nContent-Type: message/rfc822\r\n\r\n".utf8), Array("<!--".utf8), Array("<table><svg><style>".utf8), Array("\"".utf8),
        Array("(".utf8), Array("<".utf8), Array(">".utf8), Array(":;,".utf8), Array("begin 644 a\r\n".utf8), Array("=".utf8),
        Array("=\r\n".utf8),
    ]

    static func mutate(_ bytes: [UInt8], with other: [UInt8], _ random: inout SeededGenerator) -> [UInt8] {
        var bytes = bytes
        for _ in 0..<Int.random(in: 1...6, using: &random) {
            let index = Int.random(in: 0...bytes.count, using: &random)
            switch Int.random(in: 0..<6, using: &random) {
            case 0 where index < bytes.count: bytes[index] = UInt8.random(in: 0...255, using: &random)
            case 1: bytes.removeSubrange(index..<min(bytes.count, index + Int.random(in: 0..<60, using: &random)))
            case 2: bytes.insert(contentsOf: bytes[index..<min(bytes.count, index + Int.random(in: 0..<120, using: &random))], at: index)
            case 3:
                let start = Int.random(in: 0...other.count, using: &random)
                bytes.insert(contentsOf: other[start..<min(other.count, start + Int.random(in: 0..<200, using: &random))], at: index)
            case 4: bytes.removeSubrange(index...)
            default: bytes.insert(contentsOf: Self.spice.randomElement(using: &random) ?? [], at: index)
            }
        }
        return bytes
    }

    @Test func `reads or refuses whatever comes, and what it reads is text`() async throws {
        let environment = ProcessInfo.processInfo.environment
        let count = environment["PARLEY_FUZZ_MAILS"].flatMap { Int($0) } ?? 1_500
        let seed = environment["PARLEY_FUZZ_SEED"].flatMap { UInt64($0) } ?? UInt64.random(in: 0...UInt64.max)
        let comment = Comment(rawValue: "seed \(seed)")
        var random = SeededGenerator(seed: seed)
        let mails = MailCorpus.names.map { MailCorpus.mail($0) }.filter { $0.count < 20_000 }
        let adapter = EmailAdapter()
        let channel = try await adapter.context(["address": "support@bridge.test", "trusted_relay": "mx.bridge.test"])
        let clock = ContinuousClock()
        for number in 0..<count {
            let mail = Self.mutate(mails.randomElement(using: &random)!, with: mails.randomElement(using: &random)!, &random)
            let start = clock.now
            let reception = try await adapter.reception(of: .mail(mail, from: number % 3 == 0 ? "" : "anna@anna.test"), for: channel)
            #expect(clock.now - start < .seconds(10), comment)
            guard let events = reception.events else { continue }
            for case .message(let message) in events {
                let texts = [message.text, message.subject, message.html, message.fullText, message.fromName, message.externalID]
                let names = message.media.flatMap { [$0.filename, $0.contentID, $0.contentType] }
                for text in (texts + names).compactMap(\.self) where text.utf8.contains(0) {
                    Issue.record("NUL in a text, mail \(number), \(comment)")
                }
                #expect((message.externalID?.utf8.count ?? 0) <= 512, comment)
                #expect(message.subject?.contains { $0.isNewline } != true, comment)
            }
        }
    }
}
