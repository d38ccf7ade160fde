import Parley
import Postgres
import TestSupport
import Testing

@testable import ParleyServer

@Suite(.database) struct AuditTests {
    @Test func `what is done at a terminal is audited by id, with what was and what is, and without secrets`() async throws {
        try await OperatorFixture.run { one in
            try await OperatorFixture.addChannel(one)
            _ = try await one.setChannel(
                "sms",
                workspace: "acme",
                name: "texts",
                settings: ["auth_token": "canary-2"],
                policy: nil,
                status: nil
            )
            try await one.removeChannel("texts", workspace: "acme")
        }
        let rows = try await TestDatabase.current.pool.query(
            in: .all,
            """
            SELECT action, target, coalesce(before ->> 'name', '-') AS before, coalesce(after ->> 'name', '-') AS after, after ->> 'id' AS id,
                coalesce(before::text, '') || coalesce(after::text, '') AS text
            FROM audit WHERE action LIKE 'channel.%' ORDER BY id
            """
        )
        let id = try rows[0].value("id", as: String.self)
        let seen = try rows.map { row in
            try ["action", "before", "after"].map { try row.value($0, as: String.self) }.joined(separator: " ")
        }
        #expect(seen == ["channel.create - sms", "channel.update sms texts", "channel.delete texts -"])
        for row in rows {
            #expect(try row.value("target", as: String.self) == "channel:\(id)")
            #expect(try !row.value("text", as: String.self).contains("canary"))
        }
    }

    @Test func `what is done by the API is audited with what was and what is, and without a word of what people wrote`() async throws {
        try await APIFixture.run { fixture in
            func send(_ method: String, _ path: String, _ body: JSON? = nil) async throws -> JSON {
                let answer = try await fixture.client.send(method, path, body)
                #expect(200...204 ~= answer.status, "\(method) \(path): \(answer.body)")
                return answer.json
            }
            func id(_ json: JSON, _ name: String = "id") throws -> String { try #require(json[name]?.string) }
            func message(to number: String) -> JSON {
                ["channelId": .string(fixture.channel.id.description), "to": .string(number), "body": .text("canary")]
            }
            let file = try await fixture.client.send("POST", "/v1/attachments?filename=canary.txt", bytes: Array("canary".utf8))
            #expect(file.status == 201)
            let settings: JSON = ["token": "canary", "from": "+15005550009"]
            let made = try await send("POST", "/v1/channels", ["adapter": "plain", "name": "a", "settings": settings])
            let channel = "/v1/channels/\(try id(made))"
            _ = try await send("PATCH", channel, ["name": "b"])
            _ = try await send("DELETE", channel)
            _ = try await send("DELETE", "/v1/keys/\(try id(await send("POST", "/v1/keys", ["name": "bot"])))")

            let started = try await send("POST", "/v1/conversations", message(to: "+15005550100"))
            let other = try await send("POST", "/v1/messages", message(to: "+15005550101"))
            let merge = try await send(
                "POST",
                "/v1/contacts/\(try id(started, "contactId"))/merge",
                ["fromContactId": other["contactId"] ?? .null]
            )
            _ = try await send("POST", "/v1/contact-merges/\(try id(merge, "mergeId"))/undo")

            _ = try await fixture.pool.query(in: .all, "UPDATE jobs SET waiting = true, held = true WHERE queue = 'outbox'")
            for letter in try await Self.bury(fixture.workspace) {
                let path = "/v1/dead-letters/\(letter.id)"
                _ = letter.isFirst ? try await send("POST", "\(path)/retry") : try await send("DELETE", path)
            }
            let deliveries = try await send("GET", "/v1/messages/\(try id(other))/deliveries")
            let delivery = "/v1/held-deliveries/\(try id(try #require(deliveries["data"]?.array?.first)))"
            _ = try await send("POST", "\(delivery)/release")
            _ = try await send("POST", "\(delivery)/cancel")
            _ = try await send("POST", "/v1/conversations/\(try id(started))/end")

            try await fixture.deliver("1 +15005550100 canary")
            let request = try #require(try await send("GET", "/v1/inbound-requests")["data"]?.array?.first)
            _ = try await send("POST", "/v1/inbound-requests/\(try id(request))/replay")
        }
        try await Self.expectRows(by: "key:", of: Set(AuditAction.allCases).subtracting([.conversationHold, .conversationRelease]))
    }

    @Test func `what is done at a terminal is audited as what the API does`() async throws {
        try await OperatorFixture.run { one in
            try await OperatorFixture.addChannel(one)
            _ = try await one.setChannel("sms", workspace: "acme", name: "texts", settings: nil, policy: nil, status: nil)
            let key = try await one.createKey(workspace: "acme", name: "bot", scopes: ["read"], days: nil)
            try await one.revokeKey(try #require(key.rows[0]["id"]?.string), workspace: "acme")
            let sent = try await one.send("canary", to: "+15005550123", channel: "texts", workspace: "acme")
            let conversation = try #require(sent.rows[0]["conversationId"]?.string)
            #expect(try await one.hold(conversation: conversation, workspace: "acme") == 1)
            for letter in try await Self.bury(try await one.workspace("acme").id) {
                let act = letter.isFirst ? one.retry : one.drop
                try await act(letter.id, "acme")
            }
            let row = try await TestDatabase.current.pool.query(in: .all, "SELECT id::text AS id FROM deliveries")[0]
            let delivery: String = try row.value("id")
            try await one.release(delivery, workspace: "acme")
            try await one.drop(delivery, workspace: "acme")
            _ = try await one.release(conversation: conversation, workspace: "acme")
            try await one.removeChannel("texts", workspace: "acme")
        }
        try await Self.expectRows(
            by: "cli:",
            of: [
                .channelCreate, .channelDelete, .channelUpdate, .conversationHold, .conversationRelease, .deadLetterDrop, .deadLetterRetry,
                .deliveryCancel, .deliveryRelease, .keyCreate, .keyRevoke, .messagePost,
            ]
        )
    }

    /// Two dead letters, as if a job had died twice.
    private static func bury(_ workspace: WorkspaceID) async throws -> [(id: String, isFirst: Bool)] {
        let rows = try await TestDatabase.current.pool.query(
            in: .workspace(workspace.uuid),
            """
            INSERT INTO dead_letters (workspace_id, id, queue, lane, key, payload, reason, failures, created_at)
            SELECT workspace_id, uuid7(), queue, lane, key, payload, 'tired', '[]', now()
            FROM (SELECT * FROM jobs ORDER BY id LIMIT 1) j, generate_series(1, 2) RETURNING id::text AS id
            """
        )
        return try rows.enumerated().map { (try $1.value("id"), $0 == 0) }
    }

    /// Each of the actions was done, and each row of it has what was and what is, where there is such, and they differ.
    private static func expectRows(by actor: String, of actions: Set<AuditAction>) async throws {
        let rows = try await TestDatabase.current.pool.query(
            in: .all,
            """
            SELECT action, before::text AS before, after::text AS after FROM audit WHERE starts_with(actor, \(actor)) ORDER BY id
            """
        )
        var done: Set<AuditAction> = []
        for row in rows {
            let action = try #require(AuditAction(rawValue: try row.value("action")))
            let sides: [String?] = [try row.optional("before"), try row.optional("after")]
            #expect(sides.map { $0 != nil } == [action.hasBefore, action.hasAfter], "\(action)")
            #expect(sides[0] != sides[1], "\(action): \(sides)")
            #expect(!sides.compactMap(\.self).joined().contains("canary"), "\(action): \(sides)")
            done.insert(action)
        }
        #expect(done == actions)
    }
}

/// What the rows of an action must have: what is made has no before, what is gone no after, and a change has both.
extension AuditAction {
    fileprivate var hasBefore: Bool {
        switch self {
        case .attachmentCreate, .channelCreate, .contactMerge, .conversationStart, .keyCreate, .messagePost: false
        case .channelDelete, .channelUpdate, .contactUnmerge, .conversationEnd, .conversationHold, .conversationRelease, .deadLetterDrop,
            .deadLetterRetry, .deliveryCancel, .deliveryRelease, .inboundRequestReplay, .keyRevoke:
            true
        }
    }

    fileprivate var hasAfter: Bool {
        switch self {
        case .channelDelete, .deadLetterDrop: false
        case .attachmentCreate, .channelCreate, .channelUpdate, .contactMerge, .contactUnmerge, .conversationEnd, .conversationHold,
            .conversationRelease, .conversationStart, .deadLetterRetry, .deliveryCancel, .deliveryRelease, .inboundRequestReplay,
            .keyCreate,
            .keyRevoke, .messagePost:
            true
        }
    }
}

extension JSON {
    fileprivate static func text(_ text: String) -> JSON { ["type": "text", "text": ["text": .string(text)]] }
}
