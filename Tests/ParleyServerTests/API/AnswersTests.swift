import Foundation
import Parley
import Postgres
import TestSupport
import Testing

@testable import ParleyServer

/// What a change answers is the resource, as a list of it shows it: nobody has to read two shapes of one thing.
@Suite(.database) struct AnswersTests {
    /// The item of a list that the answer is about.
    private static func listed(_ answer: JSON, in list: String, by name: String = "id", _ fixture: APIFixture) async throws -> JSON {
        let items = try await fixture.client.send("GET", list).data
        return try #require(items.first { $0[name] == answer[name] })
    }

    private static func without(_ names: String..., of json: JSON) -> JSON {
        .object((json.object ?? [:]).filter { !names.contains($0.key) })
    }

    private static func message(_ fixture: APIFixture, to: String = "+15005550100") -> JSON {
        ["channelId": .string(fixture.channel.id.description), "to": .string(to), "body": ["type": "text", "text": ["text": "hi"]]]
    }

    @Test func `a message and its conversation are answered as they are listed`() async throws {
        try await APIFixture.run { fixture in
            let started = try await fixture.client.send("POST", "/v1/conversations", Self.message(fixture)).json
            let conversation = "/v1/conversations/\(started["id"]?.string ?? "")"
            let answer = try await fixture.client.send("POST", "\(conversation)/messages", ["body": Self.message(fixture)["body"]!]).json
            let direct = try await fixture.client.send("POST", "/v1/messages", Self.message(fixture, to: "+15005550101")).json
            for message in [try #require(started["message"]), answer, direct] {
                let one = try await fixture.client.send("GET", "/v1/messages/\(message["id"]?.string ?? "")").json
                #expect(message == Self.without("deliveries", "revisions", of: one))
                #expect(try await message == Self.listed(message, in: "/v1/messages", fixture))
            }
            let ended = try await fixture.client.send("POST", "\(conversation)/end").json
            let one = try await fixture.client.send("GET", conversation).json
            #expect(ended == Self.without("participants", of: one))
            #expect(try await ended == Self.listed(ended, in: "/v1/conversations", fixture))
            #expect(Self.without("message", of: started).object?.keys == ended.object?.keys)
        }
    }

    @Test func `a channel and a key are answered as they are shown and listed`() async throws {
        try await APIFixture.run { fixture in
            let settings: JSON = ["token": "canary", "from": "+15005550009"]
            let made = try await fixture.client.send("POST", "/v1/channels", ["adapter": "plain", "name": "new", "settings": settings]).json
            let channel = "/v1/channels/\(made["id"]?.string ?? "")"
            #expect(try await made == fixture.client.send("GET", channel).json)
            let changed = try await fixture.client.send("PATCH", channel, ["name": "newer"]).json
            #expect(try await changed == fixture.client.send("GET", channel).json)
            #expect(try await changed == Self.listed(changed, in: "/v1/channels", fixture))

            let new = try await fixture.client.send("POST", "/v1/keys", ["name": "bot"]).json
            let key = "/v1/keys/\(new["id"]?.string ?? "")"
            #expect(try await Self.without("key", of: new) == fixture.client.send("GET", key).json)
            let revoked = try await fixture.client.send("DELETE", key).json
            #expect(try await revoked == fixture.client.send("GET", key).json)
            #expect(try await revoked == Self.listed(revoked, in: "/v1/keys", fixture))
        }
    }

    @Test func `a merge is answered as it is listed, and so is its end`() async throws {
        try await APIFixture.run { fixture in
            let first = try await fixture.client.send("POST", "/v1/messages", Self.message(fixture)).json
            let second = try await fixture.client.send("POST", "/v1/messages", Self.message(fixture, to: "+15005550101")).json
            let path = "/v1/contacts/\(first["contactId"]?.string ?? "")/merge"
            let merge = try await fixture.client.send("POST", path, ["fromContactId": second["contactId"] ?? .null]).json
            #expect(try await merge == Self.listed(merge, in: "/v1/contact-merges", by: "mergeId", fixture))
            let undone = try await fixture.client.send("POST", "/v1/contact-merges/\(merge["mergeId"]?.string ?? "")/undo").json
            #expect(undone["undoneAt"]?.string != nil)
            #expect(try await undone == Self.listed(undone, in: "/v1/contact-merges", by: "mergeId", fixture))
        }
    }

    @Test func `a delivery that is called off and a dead letter that is retried are answered as they were shown`() async throws {
        try await APIFixture.run { fixture in
            let message = try await fixture.client.send("POST", "/v1/messages", Self.message(fixture)).json
            let deliveries = "/v1/messages/\(message["id"]?.string ?? "")/deliveries"
            let delivery = try #require(try await fixture.client.send("GET", deliveries).data.first?["id"]?.string)
            let cancelled = try await fixture.client.send("POST", "/v1/held-deliveries/\(delivery)/cancel").json
            #expect(cancelled["status"] == "cancelled")
            #expect(try await cancelled == Self.listed(cancelled, in: deliveries, fixture))

            _ = try await fixture.pool.query(
                in: .workspace(fixture.workspace.uuid),
                """
                INSERT INTO dead_letters (workspace_id, id, queue, lane, key, payload, reason, failures, created_at)
                SELECT workspace_id, uuid7(), queue, lane, key, payload, 'tired', '[]', now() FROM jobs
                """
            )
            let letter = try #require(try await fixture.client.send("GET", "/v1/dead-letters").data.first)
            let path = "/v1/dead-letters/\(letter["id"]?.string ?? "")"
            #expect(try await letter == fixture.client.send("GET", path).json)
            #expect(try await letter == fixture.client.send("POST", "\(path)/retry").json)
        }
    }
}
