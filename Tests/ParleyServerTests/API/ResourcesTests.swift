import Foundation
import Parley
import Postgres
import TestSupport
import Testing

@testable import ParleyServer

@Suite(.database) struct ResourcesTests {
    private func message(_ fixture: APIFixture, to: JSON = "+15005550100", text: String = "hi") -> JSON {
        ["channelId": .string(fixture.channel.id.description), "to": to, "body": ["type": "text", "text": ["text": .string(text)]]]
    }

    @Test func `a message that waits says when it will be tried again`() async throws {
        try await APIFixture.run { fixture in
            let started = try await fixture.client.send("POST", "/v1/conversations", self.message(fixture))
            let id = try #require(started.json["message"]?["id"]?.string)
            func next() async throws -> JSON? {
                try await fixture.client.send("GET", "/v1/messages/\(id)").json["deliveries"]?.array?.first?["nextAttemptAt"]
            }
            #expect(try await next() == .null)
            _ = try await fixture.pool.query(
                in: .all,
                "UPDATE jobs SET waiting = true, run_at = '2030-01-01T12:00:00Z' WHERE queue = 'outbox'"
            )
            #expect(try await next() == "2030-01-01T12:00:00.000Z")
            _ = try await fixture.pool.query(in: .all, "UPDATE jobs SET held = true WHERE queue = 'outbox'")
            #expect(try await next() == .null)
        }
    }

    @Test func `a conversation is started, answered, read in order, and ended`() async throws {
        try await APIFixture.run { fixture in
            let started = try await fixture.client.send("POST", "/v1/conversations", self.message(fixture, to: ["+15005550100"]))
            #expect(started.status == 202)
            let id = try #require(started.json["id"]?.string)
            #expect(started.json["message"]?["status"]?.string == "queued")
            #expect(started.json["address"] == ["space": "sms", "value": "+15005550100"])
            for text in ["two", "three"] {
                let posted = try await fixture.client.send(
                    "POST",
                    "/v1/conversations/\(id)/messages",
                    ["body": ["type": "text", "text": ["text": .string(text)]]]
                )
                #expect(posted.status == 202)
                #expect(posted.headers["location"] == "/v1/messages/\(posted.json["id"]?.string ?? "")")
            }
            // Page by page, and nothing twice.
            var texts: [String] = []
            var query = "?limit=2"
            while true {
                let page = try await fixture.client.send("GET", "/v1/conversations/\(id)/messages\(query)")
                texts += page.data.compactMap { $0["body"]?["text"]?["text"]?.string }
                guard let cursor = page.json["nextCursor"]?.string else { break }
                query = "?limit=2&cursor=\(cursor)"
            }
            #expect(texts == ["hi", "two", "three"])

            let one = try await fixture.client.send("GET", "/v1/conversations/\(id)")
            #expect(one.json["status"] == "active")
            #expect(one.json["participants"]?.array?.count == 2)
            #expect(try await fixture.client.send("POST", "/v1/conversations/\(id)/end", [:]).json["status"] == "ended")
            #expect(try await fixture.client.send("POST", "/v1/conversations/\(id)/end", [:]).json["status"] == "ended")
            let late = try await fixture.client.send(
                "POST",
                "/v1/conversations/\(id)/messages",
                ["body": ["type": "text", "text": ["text": "late"]]]
            )
            #expect((late.status, late.code) == (409, "conversation_ended"))
            #expect(try await fixture.client.send("GET", "/v1/conversations?status=ended").data.count == 1)
        }
    }

    @Test func `a message tells how it stands`() async throws {
        try await APIFixture.run { fixture in
            let posted = try await fixture.client.send("POST", "/v1/messages", self.message(fixture))
            let id = try #require(posted.json["id"]?.string)
            let one = try await fixture.client.send("GET", "/v1/messages/\(id)").json
            for name in [
                "id", "conversationId", "contactId", "channelId", "direction", "body", "status", "createdAt", "seq", "senderKeyId",
            ] {
                #expect(one[name] == posted.json[name], "\(name)")
            }
            #expect(one["status"] == "queued")
            #expect(one["why"]?["rule"] == "posted")
            #expect(one["deliveries"]?.array?.first?["status"] == "queued")
            #expect(one["createdAt"]?.string?.wholeMatch(of: /\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z/) != nil)
            #expect(try await fixture.client.send("GET", "/v1/messages?direction=outbound").data.count == 1)
            #expect(try await fixture.client.send("GET", "/v1/messages?direction=inbound").data.isEmpty)
            #expect(try await fixture.client.send("GET", "/v1/messages?direction=sideways").status == 422)

            let contact = try #require(one["contactId"]?.string)
            #expect(try await fixture.client.send("GET", "/v1/contacts/\(contact)/timeline").data.map { $0["id"] } == [.string(id)])
            #expect(try await fixture.client.send("GET", "/v1/contacts?address=%2B15005550100").data.count == 1)
        }
    }

    private static let badAddresses: [(JSON, String)] = [
        ("abc", "/to invalid_address"), (["abc"], "/to/0 invalid_address"), (["+0"], "/to/0 invalid_address"),
        (.array(Array(repeating: "+15005550100", count: 10_000)), "/to too_many_recipients"), (["+15005550001"], "/to/0 loop_address"),
        (["+15005550100\r\nx"], "/to/0 control_character"), ([], "/to wrong_type"), (7, "/to wrong_type"), (.null, "/to required"),
    ]

    @Test(arguments: Self.badAddresses)
    func `refuses an address that is none`(to: JSON, error: String) async throws {
        try await APIFixture.run { fixture in
            let answer = try await fixture.client.send("POST", "/v1/messages", self.message(fixture, to: to))
            #expect(answer.status == 422)
            #expect(answer.errors == [error])
        }
    }

    @Test func `a text is as long as the channel can carry`() async throws {
        try await APIFixture.run { fixture in
            let long = try await fixture.client.send(
                "POST",
                "/v1/messages",
                self.message(fixture, text: String(repeating: "a", count: 1_000_000))
            )
            #expect(long.errors == ["/body/text/text too_long"])
            #expect(long.json["detail"]?.string?.contains("10000") == true)
            let drop = "'); DROP TABLE messages; --"
            let posted = try await fixture.client.send("POST", "/v1/messages", self.message(fixture, text: drop))
            #expect(posted.json["body"]?["text"]?["text"]?.string == drop)
        }
    }

    @Test func `a channel never shows its secrets, and leaves an audit row for each change`() async throws {
        try await APIFixture.run { fixture in
            let settings: JSON = ["token": "canary-2b9c", "from": "+15005550009"]
            let made = try await fixture.client.send("POST", "/v1/channels", ["adapter": "plain", "name": "new", "settings": settings])
            #expect(made.status == 201)
            let id = try #require(made.json["id"]?.string)
            #expect(made.json["hookURL"]?.string == "https://bridge.example/hooks/\(id)")
            #expect(made.json["settings"]?["token"] == "[redacted]")
            #expect(made.json["settings"]?["api_base"] == "https://plain.example")
            let changed = try await fixture.client.send(
                "PATCH",
                "/v1/channels/\(id)",
                ["name": "newer", "policy": ["verification": "shadow"], "settings": ["token": "canary-3f00"]]
            )
            #expect(changed.json["name"] == "newer")
            #expect(changed.json["policy"]?["verification"] == "shadow")
            // What is not given stays; null goes back to the default.
            for (policy, seconds) in [(["retryHeldAfter": 60], 60), ([:], 60), (["retryHeldAfter": nil], nil)] as [(JSON, Int?)] {
                let answer = try await fixture.client.send("PATCH", "/v1/channels/\(id)", ["policy": policy])
                #expect(answer.json["policy"]?["retryHeldAfter"]?.int == seconds)
            }
            let opened = try await fixture.front.channels.channel(try #require(ChannelID(id)))
            #expect(opened?.settings["token"] == "canary-3f00")
            for (base, shown) in [("https://other.example", "https://other.example"), (nil, "https://plain.example")] as [(JSON, JSON)] {
                let answer = try await fixture.client.send("PATCH", "/v1/channels/\(id)", ["settings": ["api_base": base]])
                #expect(answer.json["settings"]?["api_base"] == shown)
            }
            #expect(try await fixture.client.send("DELETE", "/v1/channels/\(id)").status == 204)
            #expect(try await fixture.client.send("GET", "/v1/channels/\(id)").status == 404)

            let rows = try await fixture.pool.query(
                in: .all,
                "SELECT action, actor, request_id, coalesce(before::text, '') || coalesce(after::text, '') AS text FROM audit ORDER BY id"
            )
            #expect(
                try rows.map { try $0.value("action", as: String.self) }
                    == ["channel.create"] + Array(repeating: "channel.update", count: 6) + ["channel.delete"]
            )
            for row in rows {
                #expect(try row.value("actor", as: String.self).hasPrefix("key:"))
                #expect(try !row.value("text", as: String.self).contains("canary"))
            }
            let stored = try await fixture.pool.query(in: .all, "SELECT encode(settings, 'escape') AS text FROM channels")
            for row in stored { #expect(try !row.value("text", as: String.self).contains("canary")) }
        }
    }

    @Test(.timeLimit(.minutes(1))) func `two changes of one channel at the same moment both hold`() async throws {
        try await APIFixture.run { fixture in
            let path = "/v1/channels/\(fixture.channel.id)"
            let changes: [JSON] = [["name": "newer"], ["policy": ["retentionDays": 7]], ["settings": ["from": "+15005550009"]]]
            let patches = try await fixture.pool.transaction(in: .all) { transaction in
                _ = try await transaction.query("SELECT FROM channels FOR UPDATE")
                let patches = changes.map { change in Task { try await fixture.client.send("PATCH", path, change).status } }
                try await TestDatabase.waitForSessions(thatWait: changes.count, on: transaction)
                return patches
            }
            for patch in patches { #expect(try await patch.value == 200) }
            let after = try await fixture.client.send("GET", path).json
            #expect(after["name"] == "newer")
            #expect(after["policy"]?["retentionDays"] == 7)
            #expect(after["settings"]?["from"] == "+15005550009")
        }
    }

    private static let badSettings: [(JSON, String)] = [
        (["token": "x"], "/settings/from required"), (["token": "x", "from": "abc"], "/settings/from bad_format"),
        (["token": "x", "from": "+15005550009", "colour": "red"], "/settings/colour unknown_field"),
        (["token": "x", "from": "+15005550009", "api_base": "http://127.1"], "/settings/api_base egress_denied"),
        (["token": "x", "from": "+15005550009", "api_base": "http://169.254.169.254/"], "/settings/api_base egress_denied"),
        (["token": "x", "from": "+15005550009", "api_base": "https://user:pass@plain.example"], "/settings/api_base userinfo_not_allowed"),
        (["token": "x\u{0}", "from": "+15005550009"], "/settings/token control_character"),
        (["token": .null, "from": "+15005550009"], "/settings/token required"),
    ]

    @Test(arguments: Self.badSettings)
    func `refuses settings that cannot be`(settings: JSON, error: String) async throws {
        try await APIFixture.run { fixture in
            let made = try await fixture.client.send("POST", "/v1/channels", ["adapter": "plain", "name": "new", "settings": settings])
            #expect(made.status == 422)
            #expect(made.errors == [error])
        }
    }

    @Test func `short lists are paged like long ones, and take no parameter they do not know`() async throws {
        try await APIFixture.run { fixture in
            let posted = try await fixture.client.send("POST", "/v1/messages", self.message(fixture, to: "+15005550100"))
            let id = { (name: String) in try #require(posted.json[name]?.string) }
            let lists = [
                "/v1/adapters", "/v1/workspaces", "/v1/contacts/\(try id("contactId"))/identities",
                "/v1/conversations/\(try id("conversationId"))/participants", "/v1/messages/\(try id("id"))/deliveries",
            ]
            for list in lists {
                let whole = try await fixture.client.send("GET", list)
                #expect(!whole.data.isEmpty && whole.json["nextCursor"] == .null, "\(list)")
                var paged: [JSON] = []
                var cursor = ""
                repeat {
                    let page = try await fixture.client.send("GET", "\(list)?limit=1\(cursor)")
                    #expect(page.data.count == 1, "\(list)")
                    paged += page.data
                    cursor = page.json["nextCursor"]?.string.map { "&cursor=\($0)" } ?? ""
                } while !cursor.isEmpty
                #expect(paged == whole.data, "\(list)")
                #expect(try await fixture.client.send("GET", "\(list)?colour=red").status == 422)
                #expect(try await fixture.client.send("GET", "\(list)?cursor=abc").status == 400)
            }
        }
    }

    @Test func `tells what a person did other than write`() async throws {
        try await APIFixture.run { fixture in
            let posted = try await fixture.client.send("POST", "/v1/messages", self.message(fixture, to: "+15005550100"))
            let contact = try #require(posted.json["contactId"]?.string)
            _ = try await fixture.pool.query(
                in: .all,
                """
                INSERT INTO interactions (workspace_id, id, channel_id, identity_id, type, fields)
                SELECT workspace_id, uuid7(), \(fixture.channel.id.uuid), id, 'reaction', '{"emoji": "+1"}' FROM identities
                """
            )
            for (filter, count) in [("", 1), ("?contactId=\(contact)", 1), ("?channelId=\(ChannelID.make())", 0)] {
                let found = try await fixture.client.send("GET", "/v1/interactions\(filter)").data
                #expect(found.map { $0["fields"]?["emoji"]?.string } == Array(repeating: "+1", count: count))
                #expect(found.allSatisfy { $0["contactId"]?.string == contact && $0["type"] == "reaction" })
            }
            #expect(try await fixture.client.send("GET", "/v1/interactions?kind=x").status == 422)
        }
    }

    @Test func `two contacts become one history, and two again`() async throws {
        try await APIFixture.run { fixture in
            var contacts: [String] = []
            for number in ["+15005550100", "+15005550101"] {
                let posted = try await fixture.client.send("POST", "/v1/messages", self.message(fixture, to: .string(number)))
                contacts.append(try #require(posted.json["contactId"]?.string))
            }
            let path = "/v1/contacts/\(contacts[0])"
            let merged = try await fixture.client.send(
                "POST",
                "\(path)/merge",
                ["fromContactId": .string(contacts[1]), "reason": "same person"]
            )
            #expect(merged.status == 201)
            #expect(try await fixture.client.send("GET", "\(path)/timeline").data.count == 2)
            let merge = try #require(merged.json["mergeId"]?.string)
            #expect(try await fixture.client.send("POST", "/v1/contact-merges/\(merge)/undo").status == 200)
            #expect(try await fixture.client.send("GET", "\(path)/timeline").data.count == 1)
            #expect(try await fixture.client.send("POST", "/v1/contact-merges/\(merge)/undo").status == 409)
            for (filter, count) in [("", 1), ("?contactId=\(contacts[1])", 1), ("?contactId=\(ContactID.make())", 0)] {
                let merges = try await fixture.client.send("GET", "/v1/contact-merges\(filter)").data
                #expect(merges.map { $0["mergeId"]?.string } == Array(repeating: merge, count: count))
                #expect(merges.allSatisfy { $0["undoneAt"]?.string != nil })
            }
        }
    }
}
