import Foundation
import Parley
import Testing

@testable import Channels

@Suite struct SlackCorpusTests {
    static let settings: [String: JSON] = ["bot_token": "xoxb-test-token", "signing_secret": "5f0c9a7e1b2d4c3e8f6a7b8c9d0e1f2a"]

    @Test func `receives every request of the corpus as it says`() async throws {
        let adapter = try Loaded.adapter("slack")
        let channel = try await adapter.context(Self.settings)
        var seen: [String: String] = [:]
        for item in try Place.corpus("slack/events.json").array ?? [] {
            let name = Comment(rawValue: item["case"]?.string ?? "?")
            let expected = item["expect"]!
            let reception = try await adapter.reception(of: .corpus(item, hook: "https://bridge.test/hooks/slack/main"), for: channel)
            guard expected["accept"] == true else {
                #expect(reception.isRefused, name)
                continue
            }
            if let reply = expected["reply_contains"]?.string {
                guard case .answered(let answer) = reception else { throw CocoaError(.featureUnsupported) }
                #expect(answer.body.contains(reply), name)
                continue
            }
            let events = try #require(reception.events, name)
            let message = reception.messages.first
            let key = events.first?.deduplicationKey
            if let original = expected["duplicate_of"]?.string {
                #expect(key == seen[original], name)
            } else if expected["new_message"] == true {
                seen[item["case"]!.string!] = key
                self.check(try #require(message, name), against: expected, name)
            } else {
                #expect(message == nil, name)
            }
            if let id = expected["edit_of"]?.string {
                guard case .edit(let edit) = events.first else { throw CocoaError(.featureUnsupported) }
                #expect(edit.externalID == id && edit.text == expected["text"]?.string, name)
                #expect(edit.thread == id, name)
            }
            // The post changed here is the root of its thread, so the change queues up behind it under its own name.
            if let id = expected["delete_of"]?.string { #expect(events == [.deletion(InboundDeletion(externalID: id, thread: id))], name) }
            if let want = expected["interaction"]?.object {
                guard case .interaction(let interaction) = events.first else { throw CocoaError(.featureUnsupported) }
                #expect(interaction.type == want["type"]?.string && interaction.from.value == want["user"]?.string, name)
                for (field, value) in want where field != "type" && field != "user" {
                    #expect(interaction.fields[field] == value.string, name)
                }
            } else if expected["edit_of"] == nil, expected["delete_of"] == nil, expected["new_message"] == false,
                expected["duplicate_of"] == nil
            {
                #expect(events.isEmpty, name)
            }
        }
        #expect(seen.count > 10)
    }

    @Test func `a change in a direct conversation queues up behind the person's messages, as all of that conversation does`() async throws {
        let adapter = try Loaded.adapter("slack")
        let channel = try await adapter.context(Self.settings, verification: .off)
        func key(_ event: String) async throws -> String? {
            let body = #"{"type":"event_callback","team_id":"T1","event":{"type":"message","channel":"D1","channel_type":"im",\#(event)}}"#
            let request = HookRequest(
                method: "POST",
                url: "https://bridge.test/hooks/1",
                route: nil,
                headers: ["content-type": "application/json"],
                body: Array(body.utf8),
                at: Date()
            )
            return try await adapter.reception(of: request, for: channel).events?.first?.orderingKey
        }
        let events = [
            #""user":"U1","ts":"1.1","text":"hi""#,
            #""subtype":"message_changed","message":{"user":"U1","ts":"1.1","text":"ho","edited":{"ts":"2.1"}}"#,
            #""subtype":"message_deleted","deleted_ts":"1.1","previous_message":{"user":"U1","ts":"1.1"}"#,
        ]
        for event in events { #expect(try await key(event) == "slack:T1:U1", "\(event)") }
    }

    private func check(_ message: InboundMessage, against expected: JSON, _ name: Comment) {
        let want = expected["message"]!
        let (place, stamp) = (want["channel"]!.string!, want["thread_ts"]!.string!)
        #expect(message.externalID == want["external_id"]?.string, name)
        #expect(message.from == Address(space: AddressSpace(rawValue: "slack:T0TEAM001"), value: want["user"]!.string!), name)
        #expect(message.to == place && message.replyTo == place, name)
        #expect(message.text == want["text"]?.string, name)
        // A direct conversation is the person's; elsewhere the root's timestamp names it.
        #expect(message.thread == (place.hasPrefix("D") ? nil : "\(place):\(stamp)"), name)
        #expect(message.media.count == expected["media_count"]?.int ?? 0, name)
        for (media, want) in zip(message.media, expected["media"]?.array ?? []) {
            #expect(media.filename == want["filename"]?.string && media.contentType == want["content_type"]?.string, name)
            #expect(media.size == want["size"]?.int.map { Int64($0) }, name)
        }
    }
}
