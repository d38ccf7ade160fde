import Foundation
import Parley
import Testing

@testable import SMTP

/// The recorded sessions: what a client sends, and the codes that may answer it.
struct CorpusSession: Decodable, CustomTestStringConvertible {
    struct Step: Decodable {
        var send: String?
        var send_b64: String?
        var replies: [[String]]?
        var quiet: Bool?

        var bytes: [UInt8] {
            let bytes = self.send_b64.flatMap { Data(base64Encoded: $0) } ?? Data((self.send ?? "").utf8)
            var text = String(decoding: bytes, as: UTF8.self)
            text = text.replacing("{RCPT}", with: SessionDriver.known).replacing("{FROM}", with: "probe@sender.test")
            return Array(text.utf8)
        }
    }
    var name: String
    var steps: [Step]
    var delivered: [Int]
    var testDescription: String { self.name }

    static let all: [CorpusSession] = {
        let path = URL(fileURLWithPath: #filePath).deletingLastPathComponent().appendingPathComponent("Corpus/sessions.json")
        return (try? JSONDecoder().decode([CorpusSession].self, from: Data(contentsOf: path))) ?? []
    }()
}

@Test func `the corpus is there`() { #expect(CorpusSession.all.count >= 20) }

@Test(arguments: CorpusSession.all, [1, 2, 7, 1 << 20])
func `answers a recorded session right, whatever pieces it comes in`(_ session: CorpusSession, piece: Int) {
    var driver = SessionDriver()
    for (index, step) in session.steps.enumerated() {
        let bytes = step.bytes
        for start in stride(from: 0, to: bytes.count, by: piece) { driver.send(Array(bytes[start..<min(start + piece, bytes.count)])) }
        let codes = driver.takeCodes()
        let wanted = step.replies ?? []
        if driver.isClosed, codes.count < wanted.count {
            #expect(wanted.dropFirst(codes.count).allSatisfy { $0.contains("close") }, "step \(index)")
        } else {
            #expect(codes.count == wanted.count, "step \(index): \(codes)")
        }
        for (code, wanted) in zip(codes, wanted) { #expect(wanted.contains { code.hasPrefix($0) }, "step \(index): \(code)") }
    }
    #expect(session.delivered.contains(driver.delivered.count))
    #expect(!driver.delivered.contains { $0.envelope.sender == "ceo@victim.test" })
    driver.session.ended()
    #expect(driver.budget.available == SMTPLimits().totalBytes)
}
