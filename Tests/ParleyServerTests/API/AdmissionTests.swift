import Parley
import Postgres
import TestSupport
import Testing

@testable import ParleyServer

@Suite(.database) struct AdmissionTests {
    @Test func `no key, an unknown one and a revoked one get the same answer`() async throws {
        try await APIFixture.run { fixture in
            let made = try await fixture.client.send("POST", "/v1/keys", ["name": "second"])
            let secret = try #require(made.json["key"]?.string)
            let second = TestClient(port: fixture.client.port, key: secret)
            #expect(try await second.send("GET", "/v1/conversations").status == 200)
            let id = try #require(made.json["id"]?.string)
            #expect(try await fixture.client.send("DELETE", "/v1/keys/\(id)").status == 200)
            fixture.front.keys.forgetAll()  // what the notification does in a running process

            let answers = [
                try await fixture.anonymous.send("GET", "/v1/conversations"), try await second.send("GET", "/v1/conversations"),
                try await TestClient(port: fixture.client.port, key: "pk_unknown").send("GET", "/v1/conversations"),
            ]
            for answer in answers {
                #expect((answer.status, answer.code) == (401, "unauthenticated"))
                #expect(answer.headers["www-authenticate"] == #"Bearer realm="parley""#)
            }
            let texts = Set(answers.map { $0.body.replacing($0.json["request_id"]?.string ?? "", with: "") })
            #expect(texts.count == 1)
        }
    }

    @Test(arguments: ["Bearer KEY", "bearer KEY", "AccessKey KEY", "KEY"])
    func `reads a key in each of its forms`(form: String) async throws {
        try await APIFixture.run { fixture in
            let headers = ["Authorization": form.replacing("KEY", with: fixture.key)]
            let answer = try await fixture.anonymous.send("GET", "/v1/channels", headers: headers)
            #expect(answer.status == 200)
        }
    }

    @Test func `a key does what its scopes say`() async throws {
        try await APIFixture.run { fixture in
            let made = try await fixture.client.send("POST", "/v1/keys", ["name": "reader", "scopes": ["read"]])
            let reader = TestClient(port: fixture.client.port, key: try #require(made.json["key"]?.string))
            #expect(try await reader.send("GET", "/v1/conversations").status == 200)
            let refused = try await reader.send("POST", "/v1/messages", [:])
            #expect((refused.status, refused.code) == (403, "insufficient_scope"))
            #expect(refused.json["detail"]?.string?.contains("write") == true)
            #expect(try await reader.send("GET", "/v1/keys").status == 403)
        }
    }

    @Test func `fifty wrong keys from one address are slowed down`() async throws {
        try await APIFixture.run { fixture in
            let stranger = TestClient(port: fixture.client.port, key: "pk_wrong")
            #expect(try await fixture.client.send("GET", "/v1/keys").status == 200)
            var statuses: [Int] = []
            for _ in 0..<50 { statuses.append(try await stranger.send("GET", "/v1/keys").status) }
            #expect(statuses.prefix(20).allSatisfy { $0 == 401 })
            #expect(statuses.last == 429)
            let headers = try await stranger.send("GET", "/v1/keys").headers
            let wait = try #require(headers["retry-after"].flatMap { Int($0) })
            #expect(wait >= 1 && headers["ratelimit-reset"] == String(wait))
            #expect((headers["ratelimit-limit"], headers["ratelimit-remaining"]) == ("20", "0"))
            // Whose key worked here is not locked out by a neighbour who has none.
            #expect(try await fixture.client.send("GET", "/v1/keys").status == 200)
        }
    }

    @Test func `who is over the limit for wrong keys costs no look-up, and a key that worked before goes on working`() async throws {
        try await APIFixture.run { fixture in
            @Sendable func wrong(_ number: Int) async throws -> Int {
                try await TestClient(port: fixture.client.port, key: "pk_\(number)").send("GET", "/v1/keys").status
            }
            #expect(try await fixture.client.send("GET", "/v1/keys").status == 200)
            var tried = 0
            while try await wrong(tried) != 429 { tried += 1 }
            try await fixture.pool.transaction(in: .all) { transaction in
                _ = try await transaction.query("LOCK TABLE api_keys IN ACCESS EXCLUSIVE MODE")  // a look-up would wait for us
                for number in 100..<120 { #expect(try await wrong(number) == 429) }
            }
            fixture.front.keys.forgetAll()
            #expect(try await fixture.client.send("GET", "/v1/keys").status == 200)
        }
    }

    @Test func `nothing of one workspace is seen from another`() async throws {
        try await APIFixture.run { fixture in
            let other = try await fixture.neighbour().client
            let posted = try await fixture.client.send(
                "POST",
                "/v1/messages",
                [
                    "channelId": .string(fixture.channel.id.description), "to": "+15005550100",
                    "body": ["type": "text", "text": ["text": "hi"]],
                ]
            )
            #expect(posted.status == 202)
            let conversation = try #require(posted.json["conversationId"]?.string)
            let random = "0190163d-8694-739b-aea5-966c26f8ad91"
            let foreign = try await other.send("GET", "/v1/conversations/\(conversation)")
            let unknown = try await other.send("GET", "/v1/conversations/\(random)")
            #expect((foreign.status, foreign.code) == (404, "not_found"))
            #expect(foreign.json["detail"] == unknown.json["detail"])
            for path in [
                "channels/\(fixture.channel.id)", "messages/\(posted.json["id"]?.string ?? "")", "conversations/\(conversation)/messages",
                "contacts/\(posted.json["contactId"]?.string ?? "")", "contacts/\(posted.json["contactId"]?.string ?? "")/timeline",
            ] {
                #expect(try await fixture.client.send("GET", "/v1/\(path)").status == 200, "\(path)")
                #expect(try await other.send("GET", "/v1/\(path)").status == 404, "\(path)")
            }
            #expect(try await other.send("POST", "/v1/conversations/\(conversation)/end", [:]).status == 404)
            #expect(try await other.send("DELETE", "/v1/channels/\(fixture.channel.id)").status == 404)
            for list in ["conversations", "messages", "contacts", "inbound-requests"] {
                #expect(try await other.send("GET", "/v1/\(list)").data.isEmpty, "\(list)")
            }
        }
    }

    private static let parameters: [(String, [String])] = [
        ("", []), ("?", []), ("?colour=red", ["colour unknown_parameter"]), ("?=", [" unknown_parameter"]),
        ("?limit=1", ["limit unknown_parameter"]), ("?a=1&a=2", ["a unknown_parameter", "a duplicate_parameter"]),
    ]

    /// What stands for each kind of route: an item, a change, a gathered one, one made elsewhere, and bytes.
    private static let routes = [
        "GET /v1/conversations/ID", "GET /v1/attachments/ID", "POST /v1/conversations/ID/end", "POST /v1/conversations/ID/messages",
        "POST /v1/conversations/ID/typing", "DELETE /v1/keys/ID", "PATCH /v1/channels/ID",
    ]

    @Test(arguments: Self.parameters)
    func `a query parameter that a route does not name is refused before anything is done`(query: String, errors: [String]) async throws {
        try await APIFixture.run { fixture in
            for route in Self.routes {
                let words = route.replacing("ID", with: "0190163d-8694-739b-aea5-966c26f8ad91").split(separator: " ").map(String.init)
                let answer = try await fixture.client.send(words[0], words[1] + query, words[0] == "GET" ? nil : ["body": .null])
                // Without one it is the body or the id that is looked at.
                #expect(answer.errors.filter { $0.hasSuffix("_parameter") } == errors, "\(route)")
                #expect(errors.isEmpty || (answer.status, answer.code) == (422, "unknown_parameter"), "\(route)")
            }
        }
    }

    private static let uploads: [(String, Int, [String])] = [
        ("", 201, []), ("?filename=a.txt", 201, []), ("?filename=..%2Fa%0A.txt", 201, []), ("?filename=", 201, []),
        ("?name=a.txt", 422, ["name unknown_parameter"]), ("?filename=a&filename=b", 422, ["filename duplicate_parameter"]),
    ]

    @Test(arguments: Self.uploads)
    func `an upload takes a file's name and no other parameter`(query: String, status: Int, errors: [String]) async throws {
        try await APIFixture.run { fixture in
            let answer = try await fixture.client.send("POST", "/v1/attachments\(query)", bytes: Array("hello".utf8))
            #expect(answer.status == status && answer.errors == errors, "\(answer.body)")
        }
    }

    @Test(arguments: [
        ("text/html", 406), ("application/json;q=0", 406), ("*/*", 200), ("text/html, application/json;q=0.5", 200),
        ("application/json;q=0, */*", 406), ("*/*, application/json; q=0.000", 406), ("application/*;q=0, */*", 406), ("*/*;q=0", 406),
        ("application/*;q=0, application/json", 200), ("*/*;q=0, application/json;q=0.1", 200), ("text/html;q=0, */*", 200),
        ("application/problem+json", 200), ("application/problem+json;q=0, */*", 200),
    ])
    func `says what it cannot serve`(accept: String, status: Int) async throws {
        try await APIFixture.run { fixture in
            let answer = try await fixture.client.send("GET", "/v1/channels", headers: ["Accept": accept])
            #expect(answer.status == status)
        }
    }
}
