import Foundation
import Parley
import Testing

@testable import Channels

/// Adapters of other providers, written for these tests: what the format must be able to say.
@Suite struct ProviderCorpusTests {
    /// Settings that give each provider's adapter the case's secret, whichever of its secrets it is.
    private static func settings(_ schema: SettingsSchema, secret: String) -> [String: JSON] {
        schema.properties.filter { $0.value.isRequired }.mapValues { _ in .string(secret) }
    }

    @Test func `receives every request of eleven providers as the corpus says`() async throws {
        var seen: [String: String] = [:]
        var providers: Set<String> = []
        for item in try Place.corpus("adapters/inbound.json").array ?? [] {
            let (provider, name) = (item["provider"]!.string!, Comment(rawValue: item["case"]!.string!))
            providers.insert(provider)
            let adapter = try Loaded.adapter(provider)
            let channel = try await adapter.context(Self.settings(adapter.settings, secret: item["secret"]!.string!))
            let expected = item["expect"]!
            let reception = try await adapter.reception(of: .corpus(item, hook: "https://bridge.test/hooks/\(provider)"), for: channel)
            guard expected["accept"] == true else {
                #expect(reception.isRefused, name)
                continue
            }
            if let reply = expected["reply"]?.string ?? expected["reply_json"]?.text {
                guard case .answered(let answer) = reception else { throw CocoaError(.featureUnsupported) }
                #expect(answer.body == reply, name)
                continue
            }
            let events = try #require(reception.events, name)
            if let original = expected["duplicate_of"]?.string {
                #expect(events.count == 1 && events[0].deduplicationKey == seen[original], name)
                continue
            }
            seen[item["case"]!.string!] = events.first?.deduplicationKey
            let wanted = expected["messages"]?.array ?? expected["message"].map { [$0] } ?? []
            #expect(reception.messages.count == wanted.count, name)
            for (message, want) in zip(reception.messages, wanted) { self.check(message, want, name) }
            if let want = expected["status"] {
                let receipt = Receipt(
                    externalID: want["external_id"]!.string!,
                    status: ReceiptStatus(rawValue: want["state"]!.string!)!,
                    code: want["code"]?.string,
                    detail: want["code"] == nil ? nil : "Re-engagement message"
                )
                #expect(events == [.receipt(receipt)], name)
            }
            if let id = expected["edit_of"]?.string {
                guard case .edit(let edit) = events.first else { throw CocoaError(.featureUnsupported) }
                #expect(edit.externalID == id && edit.text == "Hallo, neu", name)
            }
            if let want = expected["interaction"] {
                guard case .interaction(let interaction) = events.first else { throw CocoaError(.featureUnsupported) }
                #expect(interaction.from.value == want["user"]?.string, name)
                #expect(
                    interaction.fields["command"] == want["command"]?.string && interaction.fields["text"] == want["text"]?.string,
                    name
                )
            }
        }
        #expect(providers.count == 11)
    }

    private func check(_ message: InboundMessage, _ want: JSON, _ name: Comment) {
        #expect(message.externalID == want["external_id"]?.string, name)
        #expect(message.text == want["text"]?.string, name)
        // Identities hold numbers in E.164; these providers leave the + out.
        if let from = want["from"]?.string { #expect(message.from.value == from || message.from.value == "+\(from)", name) }
        if let count = want["media_count"]?.int { #expect(message.media.count == count, name) }
        if let to = want["to"]?.string { #expect(message.to == to, name) }
        if let person = want["name"]?.string { #expect(message.fromName == person, name) }
    }

    @Test(.enabled(if: FileManager.default.fileExists(atPath: Place.shared), "no corpus beside the package: its copy is used alone"))
    func `holds the corpus as it stands beside the package`() throws {
        for name in ["adapters/inbound.json", "sms/inbound.json", "sms/status.json", "slack/events.json"] {
            #expect(Place.read("\(Place.shared)/\(name)") == Place.read("\(Place.tests)/Corpus/\(name)"), "\(name) has changed: copy it")
        }
    }
}
