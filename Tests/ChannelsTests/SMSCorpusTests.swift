import Foundation
import Parley
import Testing

@testable import Channels

@Suite struct SMSCorpusTests {
    static let settings: [String: JSON] = [
        "account_sid": "AC11111111111111111111111111111111", "auth_token": "0123456789abcdef0123456789abcdef", "from": "+15005550006",
    ]

    @Test func `receives every message of the corpus as it says`() async throws {
        let adapter = try Loaded.adapter("twilio")
        let channel = try await adapter.context(Self.settings)
        var seen: [String: String] = [:]
        for item in try Place.corpus("sms/inbound.json").array ?? [] {
            let name = Comment(rawValue: item["case"]?.string ?? "?")
            let hook =
                item["url"]!.string!.contains(":8443") ? "https://bridge.test:8443/hooks/sms/main" : "https://bridge.test/hooks/sms/main"
            let reception = try await adapter.reception(of: .corpus(item, hook: hook), for: channel)
            let expected = item["expect"]!
            guard expected["accept"] == true else {
                #expect(reception.isRefused, name)
                continue
            }
            let message = try #require(reception.messages.first, name)
            #expect(reception.events?.count == 1, name)
            let key = reception.events?.first?.deduplicationKey
            if let original = expected["duplicate_of"]?.string {
                #expect(key == seen[original], name)
                continue
            }
            #expect(!seen.values.contains(key ?? ""), name)
            seen[item["case"]!.string!] = key
            let want = expected["message"]!
            #expect(message.externalID == want["external_id"]?.string, name)
            #expect(message.from.value == want["from"]?.string, name)
            #expect(message.to == want["to"]?.string, name)
            #expect(message.text == want["text"]?.string, name)
            #expect(message.media.map(\.url) == want["media"]!.array!.map { $0["url"]!.string! }, name)
            #expect(message.media.map(\.contentType) == want["media"]!.array!.map { $0["content_type"]?.string }, name)
            #expect(message.optOut == (item["case"] == "stop-word" ? .stop : nil), name)
            #expect(message.from.space.rawValue == (item["case"] == "whatsapp-prefix" ? "whatsapp" : "sms"), name)
        }
        #expect(seen.count > 20)
    }

    @Test func `reads every status callback of the corpus`() async throws {
        let adapter = try Loaded.adapter("twilio")
        let channel = try await adapter.context(Self.settings)
        let runs = try #require(try Place.corpus("sms/status.json").array)
        #expect(!runs.isEmpty)
        for run in runs {
            let name = Comment(rawValue: run["run"]?.string ?? "?")
            var last: Receipt?
            var ranked: [ReceiptStatus] = []
            for callback in run["callbacks"]?.array ?? [] {
                let reception = try await adapter.reception(of: .corpus(callback, hook: "https://bridge.test/hooks/sms/main"), for: channel)
                guard callback["accept"] == true else {
                    #expect(reception.isRefused, name)
                    continue
                }
                let events = try #require(reception.events, name)
                for case .receipt(let receipt) in events {
                    #expect(receipt.externalID == run["external_id"]?.string, name)
                    last = receipt
                    ranked.append(receipt.status)
                }
            }
            let final = run["final"]!.string!
            #expect(ranked.contains(final == "undelivered" ? .failed : ReceiptStatus(rawValue: final)!), name)
            if let code = run["error_code"]?.string { #expect(last?.code == code, name) }
        }
    }
}
