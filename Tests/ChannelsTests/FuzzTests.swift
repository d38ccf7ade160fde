import Foundation
import Parley
import TestSupport
import Testing

@testable import Channels

@Suite struct FuzzTests {
    /// One to four bytes changed, cut, doubled or put in; with a liking for what parsers stumble over.
    static func mutate(_ bytes: [UInt8], with random: inout SeededGenerator) -> [UInt8] {
        var bytes = bytes
        let spice: [[UInt8]] = [
            [0], [0xff], [0xed, 0xa0, 0x80], Array("%".utf8), Array("%00".utf8), Array("{".utf8), Array("\"".utf8), Array("null".utf8),
            Array("1e400".utf8), Array("-".utf8), Array("&".utf8), Array("<".utf8), Array("[[[[".utf8), Array("\\ud800".utf8),
        ]
        for _ in 0..<Int.random(in: 1...4, using: &random) {
            let index = Int.random(in: 0...bytes.count, using: &random)
            switch Int.random(in: 0..<4, using: &random) {
            case 0 where index < bytes.count: bytes[index] = UInt8.random(in: 0...255, using: &random)
            case 1: bytes.removeSubrange(index..<min(bytes.count, index + Int.random(in: 0..<20, using: &random)))
            case 2: bytes.insert(contentsOf: bytes[index..<min(bytes.count, index + Int.random(in: 0..<40, using: &random))], at: index)
            default: bytes.insert(contentsOf: spice.randomElement(using: &random)!, at: index)
            }
        }
        return bytes
    }

    @Test func `takes any body without falling over, and no signature for another`() async throws {
        let seed = UInt64.random(in: 0...UInt64.max)
        var random = SeededGenerator(seed: seed)
        let comment = Comment(rawValue: "seed \(seed)")
        let twilio = try Place.corpus("sms/inbound.json").array ?? []
        let slack = try Place.corpus("slack/events.json").array ?? []
        for (name, hook, items, settings) in [
            ("twilio", "https://bridge.test/hooks/sms/main", twilio, SMSCorpusTests.settings),
            ("slack", "https://bridge.test/hooks/slack/main", slack, SlackCorpusTests.settings),
        ] {
            let adapter = try Loaded.adapter(name)
            let (strict, open) = (try await adapter.context(settings), try await adapter.context(settings, verification: .off))
            for _ in 0..<1500 {
                let item = items.randomElement(using: &random)!
                var request = HookRequest.corpus(item, hook: hook)
                let original = request.body
                request.body = Self.mutate(original, with: &random)
                _ = try await adapter.reception(of: request, for: open)  // any reception will do; an error or a crash will not
                let reception = try await adapter.reception(of: request, for: strict)
                // Twilio signs what the form means, so other bytes may mean the same; Slack signs the bytes.
                if request.body != original, name == "slack" { #expect(reception.isRefused, comment) }
            }
        }
    }

    @Test func `takes any answer of a provider without falling over`() async throws {
        let seed = UInt64.random(in: 0...UInt64.max)
        var random = SeededGenerator(seed: seed)
        for (name, settings, body) in [
            ("twilio", SMSCorpusTests.settings, #"{"sid": "SM1", "status": "queued", "code": 21610, "message": "x"}"#),
            ("slack", SlackCorpusTests.settings, #"{"ok": true, "channel": "C1", "ts": "1.1", "error": "fatal_error"}"#),
        ] {
            let adapter = try Loaded.adapter(name)
            let channel = try await adapter.context(settings)
            for _ in 0..<1000 {
                let status = [200, 201, 204, 301, 400, 401, 429, 500, 503].randomElement(using: &random)!
                let answer = ProviderAnswer(status: status, headers: [:], body: Self.mutate(Array(body.utf8), with: &random))
                let outcome = try await adapter.judge(answer, for: channel)
                // Taken is only what says so in so many words.
                if case .accepted = outcome { #expect(status == (name == "twilio" ? 201 : 200), "seed \(seed)") }
            }
        }
    }

    /// F22: none of these says that the message was taken, none that it was not.
    @Test(arguments: ["twilio", "slack"]) func `leaves the outcome open when an answer makes no sense`(name: String) async throws {
        let adapter = try Loaded.adapter(name)
        let channel = try await adapter.context(name == "twilio" ? SMSCorpusTests.settings : SlackCorpusTests.settings)
        let bodies: [[UInt8]] = [
            Array("<html>hello</html>".utf8), Array(#"{"sid": "SM"#.utf8), Array("[]".utf8), Array("\"text\"".utf8), Array("1e400".utf8),
            [],
            Array(#"{"sid": 12, "ok": "true", "ts": 1}"#.utf8), [0, 0, 0], [0xff, 0xfe, 0x7b, 0x00], Array(#"{"sid": 1e400}"#.utf8),
            Array("9".utf8) + Array(repeating: UInt8(ascii: "9"), count: 5000), Array(repeating: UInt8(ascii: "["), count: 5000),
            Array(#"{"sid":"\u0000","ok":null}"#.utf8), Array("null".utf8), Array(#"{"ok": true}"#.utf8),
        ]
        for body in bodies {
            let outcome = try await adapter.judge(
                ProviderAnswer(status: name == "twilio" ? 201 : 200, headers: [:], body: body),
                for: channel
            )
            #expect(outcome == .ambiguous(reason: "provider_bad_response"), "\(String(decoding: body.prefix(40), as: UTF8.self))")
        }
    }

    @Test func `lets no secret out in what it refuses, keeps or reports`() async throws {
        let canary = "canary-secret-0123456789"
        let adapter = try Loaded.adapter("slack")
        let channel = try await adapter.context(["bot_token": .string("xoxb-\(canary)"), "signing_secret": .string(canary)])
        var random = SeededGenerator(seed: 7)
        for item in try Place.corpus("slack/events.json").array ?? [] {
            var request = HookRequest.corpus(item, hook: "https://bridge.test/hooks/slack/main")
            #expect(!"\(try await adapter.reception(of: request, for: channel))".contains(canary))
            request.body = Self.mutate(request.body, with: &random)
            #expect(!"\(try await adapter.reception(of: request, for: channel))".contains(canary))
        }
        let twilio = try Loaded.adapter("twilio")
        let sms = try await twilio.context(SMSCorpusTests.settings)
        let token = SMSCorpusTests.settings["auth_token"]!.string!
        let answer = ProviderAnswer(status: 400, headers: [:], body: Array(#"{"code": 20003, "message": "no \#(token) here"}"#.utf8))
        #expect(try await twilio.judge(answer, for: sms) == .refused(reason: .credentials, code: "20003", detail: "no [redacted] here"))
        #expect(twilio.settings.redacted(sms.settings)["auth_token"] == "[redacted]")
        #expect(twilio.settings.redacted(sms.settings)["from"] == "+15005550006")
        #expect(twilio.settings.redacted(["unknown": "x"])["unknown"] == "[redacted]")
    }
}
