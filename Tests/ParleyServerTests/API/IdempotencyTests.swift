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
