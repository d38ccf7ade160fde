import Foundation
import Parley
import Postgres
import TestSupport
import Testing

@testable import ParleyServer

@Suite(.database) struct IdempotencyTests {
    private func message(_ fixture: APIFixture, _ text: String = "hi") -> JSON {
        [
            "channelId": .string(fixture.channel.id.description), "to": "+15005550100",
            "body": ["type": "text", "text": ["text": .string(text)]],
        ]
    }

    @Test func `the same key and body get the same bytes, through another process too, and one message`() async throws {
        try await APIFixture.run { fixture in
            let headers = ["Idempotency-Key": "one"]
            let first = try await fixture.client.send("POST", "/v1/messages", self.message(fixture), headers: headers)
            #expect(first.status == 202)
            let other = try TestFront(fixture.pool)
            try await withServer(routes: other.routes) { port in
                let again = TestClient(port: port, key: fixture.key)
                let second = try await again.send("POST", "/v1/messages", self.message(fixture), headers: headers)
                #expect((second.status, second.body, second.headers["location"]) == (first.status, first.body, first.headers["location"]))
            }
            #expect(try await fixture.count("messages") == 1)
            #expect(try await fixture.count("jobs") == 1)
        }
    }

    @Test func `keys that only differ in their bytes are two, in one batch too`() async throws {
        try await APIFixture.run { fixture in
            let store = IdempotencyStore(sealer: fixture.front.channels.sealer)
            let claims = ["caf\u{e9}", "cafe\u{301}"].map { IdempotencyStore.Claim(key: $0, hash: [1]) }
            let standings = try await fixture.pool.transaction(in: .workspace(fixture.workspace.uuid)) { transaction in
                try await store.standings(of: claims, in: fixture.workspace, on: transaction)
            }
            #expect(standings.map(\.isNew) == [true, true])
        }
    }

    @Test func `a refusal is kept too`() async throws {
        try await APIFixture.run { fixture in
            let headers = ["Idempotency-Key": "one"]
            let first = try await fixture.client.send("POST", "/v1/messages", [:], headers: headers)
            #expect(first.status == 422)
            let second = try await fixture.client.send("POST", "/v1/messages", [:], headers: headers)
            #expect(second.body == first.body)
        }
    }

    @Test func `the same key with another body is a mistake`() async throws {
        try await APIFixture.run { fixture in
            let headers = ["Idempotency-Key": "one"]
            try await fixture.client.send("POST", "/v1/messages", self.message(fixture), headers: headers)
            let other = try await fixture.client.send("POST", "/v1/messages", self.message(fixture, "ho"), headers: headers)
            #expect((other.status, other.code) == (422, "idempotency_mismatch"))
        }
    }

    @Test(arguments: ["", String(repeating: "k", count: 256)])
    func `refuses a key that is empty or too long`(key: String) async throws {
        try await APIFixture.run { fixture in
            let answer = try await fixture.client.send("POST", "/v1/messages", self.message(fixture), headers: ["Idempotency-Key": key])
            #expect((answer.status, answer.code) == (400, "bad_idempotency_key"))
        }
    }

    @Test func `a new key is shown again to the same request, and stands nowhere in the database (I14)`() async throws {
        try await APIFixture.run { fixture in
            let headers = ["Idempotency-Key": "new key"]
            let first = try await fixture.client.send("POST", "/v1/keys", ["name": "bot"], headers: headers)
            let again = try await fixture.client.send("POST", "/v1/keys", ["name": "bot"], headers: headers)
            let secret = try #require(first.json["key"]?.string)
            #expect(again.body == first.body)
            let kept = try await fixture.pool.query(in: .all, "SELECT body FROM idempotency")
            #expect(kept.count == 1)
            #expect(!String(decoding: try kept[0].value("body", as: [UInt8].self), as: UTF8.self).contains(secret.suffix(20)))
        }
    }

    @Test func `while the first runs the others are told so, and what it leaves undone is done by the next`() async throws {
        try await APIFixture.run { fixture in
            let headers = ["Idempotency-Key": "one"]
            struct Crash: Error {}
            await #expect(throws: Crash.self) {
                try await fixture.pool.transaction(in: .workspace(fixture.workspace.uuid)) { transaction in
                    let store = IdempotencyStore(sealer: fixture.front.channels.sealer)
                    let claims = [IdempotencyStore.Claim(key: "one", hash: [1])]
                    #expect(try await store.standings(of: claims, in: fixture.workspace, on: transaction)[0].isNew)
                    let meanwhile = try await fixture.client.send("POST", "/v1/messages", self.message(fixture), headers: headers)
                    #expect((meanwhile.status, meanwhile.code) == (409, "idempotency_in_progress"))
                    throw Crash()
                }
            }
            let next = try await fixture.client.send("POST", "/v1/messages", self.message(fixture), headers: headers)
            #expect(next.status == 202)
        }
    }

    @Test func `a replay and an agent that types get the same answer again too, and are done once`() async throws {
        try await APIFixture.run { fixture in
            let headers = ["Idempotency-Key": "one"]
            try await fixture.deliver("m1 +15005550100 a")
            let request = try #require(try await fixture.client.send("GET", "/v1/inbound-requests").data.first?["id"]?.string)
            let path = "/v1/inbound-requests/\(request)/replay"
            _ = try await fixture.pool.query(in: .all, "DELETE FROM inbound_keys")
            let first = try await fixture.client.send("POST", path, headers: headers)
            let again = try await fixture.client.send("POST", path, headers: headers)
            #expect(first.json["newEvents"] == 1)
            #expect((again.status, again.body) == (first.status, first.body))
            #expect(try await fixture.count("audit WHERE action = 'inbound-request.replay'") == 1)
            let mistake = try await fixture.client.send("POST", path, ["colour": "red"], headers: headers)
            #expect((mistake.status, mistake.code) == (422, "idempotency_mismatch"))
            let missing = "/v1/inbound-requests/\(ConversationID.make())/replay"
            let refusals = [
                try await fixture.client.send("POST", missing, headers: ["Idempotency-Key": "two"]),
                try await fixture.client.send("POST", missing, headers: ["Idempotency-Key": "two"]),
            ]
            #expect(refusals[0].status == 404 && refusals[0].body == refusals[1].body)

            let posted = try await fixture.client.send("POST", "/v1/messages", self.message(fixture))
            let typing = "/v1/conversations/\(posted.json["conversationId"]?.string ?? "")/typing"
            for _ in 0..<2 { #expect(try await fixture.client.send("POST", typing, headers: ["Idempotency-Key": "typing"]).status == 204) }
            let other = try await fixture.client.send("POST", typing, ["name": "Kim"], headers: ["Idempotency-Key": "typing"])
            #expect((other.status, other.code) == (422, "idempotency_mismatch"))
        }
    }

    @Test func `a replay that was answered meanwhile gives that answer`() async throws {
        try await APIFixture.run { fixture in
            try await fixture.deliver("m1 +15005550100 a")
            let request = try #require(try await fixture.client.send("GET", "/v1/inbound-requests").data.first?["id"]?.string)
            _ = try await fixture.pool.query(in: .all, "DELETE FROM inbound_keys")
            let answers = try await withThrowingTaskGroup(of: TestAnswer.self) { group in
                for _ in 0..<10 {
                    group.addTask {
                        try await fixture.client.send("POST", "/v1/inbound-requests/\(request)/replay", headers: ["Idempotency-Key": "one"])
                    }
                }
                return try await group.reduce(into: []) { $0.append($1) }
            }
            #expect(Set(answers.map(\.status)).isSubset(of: [200, 409]))
            #expect(Set(answers.filter { $0.status == 200 }.map(\.body)).count == 1)
            #expect(try await fixture.count("audit WHERE action = 'inbound-request.replay'") == 1)
            #expect(try await fixture.count("jobs") == 2)
        }
    }

    @Test func `ten at once make one message`() async throws {
        try await APIFixture.run { fixture in
            let statuses = try await withThrowingTaskGroup(of: Int.self) { group in
                for _ in 0..<10 {
                    group.addTask {
                        try await fixture.client.send(
                            "POST",
                            "/v1/messages",
                            self.message(fixture),
                            headers: ["Idempotency-Key": "one"]
                        ).status
                    }
                }
                return try await group.reduce(into: []) { $0.append($1) }
            }
            #expect(Set(statuses).isSubset(of: [202, 409]))
            #expect(statuses.contains(202))
            #expect(try await fixture.count("messages") == 1)
        }
    }
}
