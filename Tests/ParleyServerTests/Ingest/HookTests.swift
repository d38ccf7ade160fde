import Foundation
import Parley
import Postgres
import TestSupport
import Testing

@testable import ParleyServer

@Suite(.database) struct HookTests {
    @Test func `answers as the adapter says, and only when the request is stored`() async throws {
        try await APIFixture.run { fixture in
            let answer = try await fixture.deliver("m1 +15005550100 hello\nm2 +15005550100 again\nm3 +15005550101 other")
            #expect((answer.status, answer.body, answer.headers["x-plain"]) == (200, "taken", "yes"))
            #expect(try await fixture.count("inbound_requests") == 1)
            #expect(try await fixture.count("inbound_keys") == 3)
            let jobs = try await fixture.pool.query(in: .all, "SELECT key, payload FROM jobs WHERE queue = 'inbox' ORDER BY id")
            #expect(jobs.count == 2)  // one for each conversation, its messages in order
            let first = try InboxPayload(bytes: try jobs[0].value("payload"))
            #expect(first.events.compactMap(\.subject) == ["m1", "m2"])
        }
    }

    @Test func `the same event again, alone, twice in a body or mixed with a new one, is one event`() async throws {
        try await APIFixture.run { fixture async throws in
            for lines in [
                "m1 +15005550100 a", "m1 +15005550100 a", "m1 +15005550100 a\nm1 +15005550100 a", "m1 +15005550100 a\nm2 +15005550100 b",
            ] {
                #expect(try await fixture.deliver(lines).body == "taken")
            }
            #expect(try await fixture.count("inbound_keys") == 2)
            #expect(try await fixture.count("inbound_requests") == 2)
            #expect(try await fixture.count("jobs") == 2)
        }
    }

    @Test func `ids and senders that only differ in their bytes are as many, together as apart (I1, I10)`() async throws {
        try await APIFixture.run { fixture in
            let lines = ["caf\u{e9}", "cafe\u{301}"].flatMap { ["\($0)-1 +15005550100 a", "\($0)-2 \($0) b"] }
            for _ in 0..<2 { #expect(try await fixture.deliver(lines.joined(separator: "\n")).body == "taken") }
            #expect(try await fixture.count("inbound_keys") == 4)
            let jobs = try await fixture.pool.query(in: .all, "SELECT payload FROM jobs WHERE queue = 'inbox' ORDER BY id")
            let events = try jobs.map { try InboxPayload(bytes: try $0.value("payload")).events.count }
            #expect(events == [2, 1, 1])
        }
    }

    @Test func `the same event from ten connections at once through two processes is one event`() async throws {
        try await APIFixture.run { fixture in
            let other = try TestFront(fixture.pool)
            try await withServer(routes: other.routes) { port in
                let clients = [fixture.anonymous, TestClient(port: port)]
                let answers = try await withThrowingTaskGroup(of: TestAnswer.self) { group in
                    for index in 0..<20 {
                        group.addTask {
                            try await clients[index % 2].send(
                                "POST",
                                fixture.hook,
                                bytes: Array("m1 +15005550100 a".utf8),
                                headers: ["X-Token": APIFixture.token]
                            )
                        }
                    }
                    return try await group.reduce(into: []) { $0.append($1) }
                }
                #expect(answers.allSatisfy { $0.status == 200 && $0.body == "taken" })
            }
            #expect(try await fixture.count("inbound_keys") == 1)
            #expect(try await fixture.count("jobs") == 1)
        }
    }

    @Test func `requests that wait at the same moment share a commit, and all are stored`() async throws {
        let metrics = Metrics()
        try await APIFixture.run(metrics: metrics) { fixture in
            try await withThrowingTaskGroup(of: Int.self) { group in
                for index in 0..<200 { group.addTask { try await fixture.deliver("m\(index) +15005550100 a").status } }
                for try await status in group { #expect(status == 200) }
            }
            #expect(try await fixture.count("inbound_requests") == 200)
            #expect(try await fixture.count("jobs") == 200)
        }
        #expect(metrics.text.contains("parley_ingest_group_size_sum 200.0"))
    }

    @Test func `a request that cannot be stored fails alone`() async throws {
        try await APIFixture.run { fixture async throws in
            let logger = TestDatabase.logger
            let committer = IngestCommitter(pool: fixture.pool, metrics: Metrics(), logger: logger)
            // Nothing an adapter makes looks like this; it stands for whatever a single row may be refused for.
            func item(_ detail: String?) -> IngestItem {
                IngestItem(
                    workspace: fixture.workspace,
                    channel: fixture.channel.id,
                    adapter: fixture.channel.adapter,
                    id: UUID(),
                    request: HookRequest(method: "POST", url: "u", route: nil, headers: [:], body: [], at: Date()),
                    events: [.receipt(Receipt(externalID: "x", status: .sent))],
                    outcome: .accepted,
                    detail: detail
                )
            }
            let results = await withTaskGroup(of: Bool.self) { group in
                for index in 0..<20 {
                    group.addTask { (try? await committer.store(item(index == 7 ? "a\0b" : nil))) != nil }
                }
                return await group.reduce(into: []) { $0.append($1) }
            }
            #expect(results.count { $0 } == 19)
            #expect(try await fixture.count("inbound_requests") == 19)
        }
    }

    @Test func `refuses what does not verify, and stores nothing of it`() async throws {
        try await APIFixture.run { fixture in
            let neighbour = try await fixture.neighbour()
            let answer = try await fixture.deliver("m1 +15005550100 a", token: "wrong")
            #expect((answer.status, answer.code) == (401, "bad_signature"))
            #expect(answer.headers["content-type"] == "application/problem+json")
            #expect(!answer.body.contains(APIFixture.token))
            let none = try await fixture.anonymous.send("POST", "/hooks/\(neighbour.channel.id)", bytes: [])
            #expect(none.status == 401)
            #expect(try await fixture.count("inbound_requests") == 0)
        }
    }

    @Test(arguments: [
        ("message", nil, "m1 +15005550100 a", "accepted"), ("handshake", "challenge", "", "answered"),
        ("garbage", nil, "m1", "quarantined"),
        ("no news", nil, "ignored", "ignored"),
    ]) func `in shadow mode what does not verify is taken and counted, whatever it is`(
        name: String,
        route: String?,
        body: String,
        outcome: String
    ) async throws {
        let metrics = Metrics()
        try await APIFixture.run(metrics: metrics) { fixture async throws in
            let change: JSON = ["policy": ["verification": "shadow"]]
            #expect(try await fixture.client.send("PATCH", "/v1/channels/\(fixture.channel.id)", change).status == 200)
            #expect(try await fixture.deliver(body, token: "wrong", route: route).status == 200)
        }
        let lines = metrics.text.split(separator: "\n")
        #expect(lines.contains(#"parley_ingest_would_refuse_total{adapter="plain",code="bad_signature"} 1"#), "\(name)")
        let counted = lines.filter { $0.hasPrefix("parley_ingest_requests_total{") && !$0.hasSuffix(" 0") }
        #expect(counted == [#"parley_ingest_requests_total{adapter="plain",outcome="\#(outcome)"} 1"#], "\(name)")
    }

    @Test(arguments: [
        ("POST", "/hooks/0190163d-8694-739b-aea5-966c26f8ad91", 404), ("POST", "/hooks/abc", 404), ("POST", "CHANNEL/nothing", 404),
        ("GET", "CHANNEL/challenge", 200), ("POST", "CHANNEL/broken", 503),
    ])
    func `knows its channels and routes`(method: String, path: String, status: Int) async throws {
        try await APIFixture.run { fixture in
            let path = path.replacing("CHANNEL", with: fixture.hook)
            let answer = try await fixture.anonymous.send(method, path, bytes: [], headers: ["X-Token": APIFixture.token])
            #expect(answer.status == status)
            #expect(status != 503 || answer.headers["retry-after"] == "30")
            #expect(status != 200 || answer.body == "challenge")
        }
    }

    @Test func `keeps what is authentic but unreadable once, and answers so that it is not sent again`() async throws {
        try await APIFixture.run { fixture in
            for _ in 0..<3 { #expect(try await fixture.deliver("garbage").body == "kept") }
            let kept = try await fixture.client.send("GET", "/v1/inbound-requests?outcome=quarantined").data
            #expect(kept.count == 1)
            let id = try #require(kept.first?["id"]?.string)
            let one = try await fixture.client.send("GET", "/v1/inbound-requests/\(id)")
            #expect(one.json["request"]?["body"]?.string.flatMap { Data(base64Encoded: $0) } == Data("garbage".utf8))
            #expect(!one.body.contains(APIFixture.token))
            #expect(try await fixture.count("jobs") == 0)
        }
    }

    @Test func `keeps a report that changes nothing once, and lists it`() async throws {
        try await APIFixture.run { fixture in
            for _ in 0..<3 { #expect(try await fixture.deliver("report").status == 200) }
            let kept = try await fixture.client.send("GET", "/v1/inbound-requests?outcome=ignored").data
            #expect(kept.map { $0["detail"]?.string } == ["report"])
            #expect(try await fixture.client.send("GET", "/v1/inbound-requests?outcome=quarantined").data.isEmpty)
            #expect(try await fixture.count("jobs") == 0)
        }
    }

    @Test func `too many events in one body get 413, understood ones that matter to nobody 200`() async throws {
        try await APIFixture.run { fixture async throws in
            let many = (0..<101).map { "m\($0) +15005550100 a" }.joined(separator: "\n")
            #expect(try await fixture.deliver(many).status == 413)
            #expect(try await fixture.deliver("ignored").body == "taken")
            #expect(try await fixture.count("inbound_requests") == 0)
        }
    }

    @Test func `a replay makes work of what is new only`() async throws {
        try await APIFixture.run { fixture in
            try await fixture.deliver("m1 +15005550100 a")
            let id = try #require(try await fixture.client.send("GET", "/v1/inbound-requests").data.first?["id"]?.string)
            let path = "/v1/inbound-requests/\(id)/replay"
            #expect(try await fixture.client.send("POST", path).json["newEvents"]?.int == 0)
            #expect(try await fixture.count("jobs") == 1)
            // As if the adapter had not understood it then.
            _ = try await fixture.pool.query(in: .all, "DELETE FROM inbound_keys")
            #expect(try await fixture.client.send("POST", path).json["newEvents"]?.int == 1)
            #expect(try await fixture.client.send("POST", path).json["newEvents"]?.int == 0)
            #expect(try await fixture.count("jobs") == 2)
            #expect(try await fixture.count("inbound_requests") == 1)
        }
    }

    @Test func `without a database there is no acknowledgement`() async throws {
        try await APIFixture.run { fixture in
            #expect(try await fixture.deliver("m1 +15005550100 a").status == 200)
            await fixture.pool.close()
            let answer = try await fixture.deliver("m2 +15005550100 a")
            #expect((answer.status, answer.code) == (503, "database_unavailable"))
            #expect(answer.headers["retry-after"] != nil)
            #expect(try await fixture.anonymous.send("GET", "/readyz").status == 503)
            #expect(try await fixture.anonymous.send("GET", "/livez").status == 200)
        }
    }
}
