import Foundation
import Parley
import Postgres
import TestSupport
import Testing

@testable import ParleyServer

/// Many posts at the same moment: they share transactions, and each is answered by itself.
@Suite(.database) struct PostingTests {
    private static func body(_ text: String) -> JSON { ["body": ["type": "text", "text": ["text": .string(text)]]] }

    /// The path of a new conversation's messages; its first is in it.
    private static func conversation(with number: String, _ fixture: APIFixture) async throws -> String {
        let body: JSON = ["channelId": .string(fixture.channel.id.description), "to": .string(number), "body": Self.body("first")["body"]!]
        let answer = try await fixture.client.send("POST", "/v1/messages", body)
        return "/v1/conversations/\(try #require(answer.json["conversationId"]?.string))"
    }

    /// What each of many requests that are sent at once gets, in the order of the requests.
    private static func all(_ posts: [(path: String, body: JSON, key: String?)], _ fixture: APIFixture) async throws -> [TestAnswer] {
        try await withThrowingTaskGroup(of: (Int, TestAnswer).self) { group in
            for (place, post) in posts.enumerated() {
                group.addTask {
                    let headers = post.key.map { ["Idempotency-Key": $0] } ?? [:]
                    return (place, try await fixture.client.send("POST", "\(post.path)/messages", post.body, headers: headers))
                }
            }
            let answers = try await group.reduce(into: [Int: TestAnswer]()) { $0[$1.0] = $1.1 }
            return try posts.indices.map { try #require(answers[$0]) }
        }
    }

    @Test func `each gets what it deserves, and no other suffers by it`() async throws {
        try await APIFixture.run { fixture in
            let open = try await Self.conversation(with: "+15005550100", fixture)
            let ended = try await Self.conversation(with: "+15005550101", fixture)
            try await fixture.client.send("POST", "\(ended)/end")
            var posts: [(path: String, body: JSON, key: String?)] = []
            for number in 0..<20 {
                posts.append((open, Self.body("\(number)"), "key \(number)"))
                posts.append((ended, Self.body("late"), "late \(number)"))
                posts.append((open, ["body": ["type": "dance"]], nil))
                posts.append(("/v1/conversations/\(ConversationID.make())", Self.body("lost"), nil))
            }
            let first = try await Self.all(posts, fixture)
            #expect(first.map(\.status) == Array(repeating: [202, 409, 422, 404], count: 20).flatMap(\.self))
            #expect(Set(first.map { $0.json["seq"]?.int ?? 0 }.filter { $0 > 0 }) == Set(2...21))
            #expect(try await fixture.count("messages") == 22)
            #expect(try await fixture.count("deliveries") == 22)
            #expect(try await fixture.count("jobs") == 22)
            #expect(try await fixture.count("audit WHERE action = 'message.post'") == 22)
            // What was answered is answered again, byte for byte, the refusals too.
            let again = try await Self.all(posts, fixture)
            for (post, answers) in zip(posts, zip(first, again)) where post.key != nil { #expect(answers.0.body == answers.1.body) }
            #expect(try await fixture.count("messages") == 22)
        }
    }

    @Test func `of two with one key one is the first`() async throws {
        try await APIFixture.run { fixture in
            let path = try await Self.conversation(with: "+15005550100", fixture)
            let answers = try await Self.all(Array(repeating: (path, Self.body("once"), "one"), count: 30), fixture)
            #expect(Set(answers.map(\.status)).isSubset(of: [202, 409]))
            #expect(Set(answers.filter { $0.status == 202 }.map(\.body)).count == 1)
            #expect(try await fixture.count("messages") == 2)
        }
    }

    @Test func `a conversation that ends between look and write refuses its own posts only`() async throws {
        try await APIFixture.run { fixture in
            let open = try await Self.conversation(with: "+15005550100", fixture)
            let ending = try await Self.conversation(with: "+15005550101", fixture)
            let id = try #require(UUID(uuidString: String(ending.suffix(36))))
            let posting = try await fixture.pool.transaction(in: .all) { transaction in
                _ = try await transaction.query("UPDATE conversations SET status = 'ended', ended_at = now() WHERE id = \(id)")
                let posts = [(ending, Self.body("waits"), "a")] + Array(repeating: (open, Self.body("fine"), nil), count: 10)
                let posting = Task { try await Self.all(posts + [(ending, Self.body("waits"), "b")], fixture) }
                try await TestDatabase.waitForSessions(on: transaction)
                return posting
            }
            let answers = try await posting.value
            #expect(answers.map(\.status) == [409] + Array(repeating: 202, count: 10) + [409])
            #expect(answers[0].code == "conversation_ended")
            #expect(try await fixture.count("messages") == 12)
        }
    }

    @Test func `a workspace whose rows are locked holds up no other (I7)`() async throws {
        try await APIFixture.run { fixture in
            let path = try await Self.conversation(with: "+15005550100", fixture)
            let (_, neighbour, channel) = try await fixture.neighbour()
            let held = try await fixture.pool.transaction(in: .all) { transaction in
                _ = try await transaction.query("SELECT 1 FROM conversations FOR UPDATE")
                let held = Task { try await Self.all(Array(repeating: (path, Self.body("waits"), nil), count: 5), fixture) }
                let started: JSON = [
                    "channelId": .string(channel.id.description), "to": "+15005550109", "body": Self.body("hello")["body"]!,
                ]
                let other = try await neighbour.send("POST", "/v1/messages", started)
                let posted = try await neighbour.send(
                    "POST",
                    "/v1/conversations/\(other.json["conversationId"]?.string ?? "")/messages",
                    Self.body("goes on")
                )
                #expect(posted.status == 202)
                return held
            }
            #expect(try await held.value.map(\.status) == [202, 202, 202, 202, 202])
        }
    }
}
