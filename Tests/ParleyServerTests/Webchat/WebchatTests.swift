import Channels
import Foundation
import Parley
import Postgres
import TestSupport
import Testing

@testable import ParleyServer

@Suite(.database) struct WebchatTests {
    @Test func `a visitor writes, is answered, and reads both after a reload`() async throws {
        try await WebchatFixture.run { shop in
            let browser = try await shop.browser()
            #expect(try await browser.say("where is my order").status == 202)
            let message = try await shop.received("where is my order")
            #expect(try await shop.reply("on its way", in: message["conversationId"]?.string ?? "").status == 202)
            try await browser.sees(["on its way", "where is my order"])
            let again = try await shop.browser(["token": .string(browser.token)])
            #expect(again.id == browser.id)
            #expect(try await again.texts() == ["on its way", "where is my order"])
        }
    }

    @Test func `the same client id again is the same message`() async throws {
        try await WebchatFixture.run { shop in
            let browser = try await shop.browser()
            let first = try await browser.say("once", as: "queue-0001")
            let second = try await browser.say("once", as: "queue-0001")
            #expect([first, second].map { $0.json["duplicate"] } == [false, true])
            try await browser.say("then", as: "queue-0002")
            try await browser.sees(["then", "once"])
        }
    }

    @Test func `a stream goes on behind the last event, nothing twice and nothing left out`() async throws {
        try await WebchatFixture.run { shop in
            let browser = try await shop.browser()
            try await browser.say("one")
            let message = try await shop.received("one")
            let conversation = message["conversationId"]?.string ?? ""
            let start = try #require(try await browser.send("GET", "/messages").json["cursor"]?.string)
            var cursor: String? = start
            var seen: [String] = []
            for number in 1...4 {
                _ = try await shop.reply("answer \(number)", in: conversation)
                if number == 3 { _ = try await shop.reply("answer 3b", in: conversation) }
                let text = try await shop.stream(browser, after: cursor, until: number == 3 ? "answer 3b" : "answer \(number)")
                seen += text.matches(of: /"text":\{"text":"(.+?)"\}/).map { String($0.1) }
                // Up to the end of the last whole event.
                cursor = text.matches(of: /id: (\d+)\nevent: message/).last.map { String($0.1) } ?? cursor
            }
            #expect(seen == ["answer 1", "answer 2", "answer 3", "answer 3b", "answer 4"])
        }
    }

    @Test func `many who reconnect at once each get theirs, once`() async throws {
        try await WebchatFixture.run { shop in
            let browsers = try await withThrowingTaskGroup(of: WebchatFixture.Browser.self) { group in
                for _ in 0..<40 { group.addTask { try await shop.browser() } }
                return try await group.reduce(into: []) { $0.append($1) }
            }
            let cursor = String(try await shop.feed.position())
            try await withThrowingTaskGroup(of: Void.self) { group in
                for (number, browser) in browsers.enumerated() { group.addTask { try await browser.say("from \(number).") } }
                try await group.waitForAll()
            }
            try await withThrowingTaskGroup(of: Void.self) { group in
                for (number, browser) in browsers.enumerated() {
                    group.addTask {
                        let text = try await shop.stream(browser, after: cursor, until: "from \(number).")
                        #expect(text.matches(of: /event: message/).count == 1)
                    }
                }
                try await group.waitForAll()
            }
        }
    }

    @Test func `ticks come back as receipts, and typing goes both ways`() async throws {
        try await WebchatFixture.run { shop in
            let (browser, stranger) = (try await shop.browser(), try await shop.browser())
            try await browser.say("hello")
            let message = try await shop.received("hello")
            let conversation = message["conversationId"]?.string ?? ""
            let posted = try await shop.reply("hi", in: conversation)
            let id = try #require(posted.json["id"])
            try await browser.sees(["hi", "hello"])
            let foreign = try await stranger.send("POST", "/receipts", ["messageIds": [id], "status": "read"])
            #expect(foreign.json["accepted"] == 0)
            let own = try await browser.send("POST", "/receipts", ["messageIds": [id], "status": "read"])
            #expect(own.json["accepted"] == 1)
            try await eventually { try await shop.agent.send("GET", "/v1/messages/\(id.string ?? "")").json["status"] == "read" }

            // Whoever has been told something that is kept, and lacks nothing, hears what passes.
            let heard = await shop.feed.subscribe(workspace: shop.workspace)
            let line = try shop.listen(browser)
            defer { line.close() }
            _ = try await shop.reply("still here", in: conversation)
            _ = await line.read { $0.contains("still here") }
            _ = try await shop.pool.query(in: .all, "INSERT INTO events (workspace_id, type) VALUES (\(shop.workspace.uuid), 'mark')")
            for try await event in heard where event.type == "mark" { break }
            _ = try await browser.send("POST", "/typing", [:])
            _ = try await shop.agent.send("POST", "/v1/conversations/\(conversation)/typing", ["name": "Kim"])
            #expect(await line.read { $0.contains("event: typing") && $0.contains("\"name\":\"Kim\"") }.text.contains("Kim"))
            var froms: Set<JSON> = []
            for try await event in heard where event.type == "conversation.typing" {
                froms.insert(event.data["from"] ?? .null)
                if froms.count == 2 { break }
            }
            #expect(froms == ["visitor", "agent"])
        }
    }

    @Test func `a file goes from the visitor to the agent and back, by links that only we can make`() async throws {
        try await WebchatFixture.run { shop in
            let (browser, other) = (try await shop.browser(), try await shop.browser())
            let svg = Array("<svg xmlns='http://www.w3.org/2000/svg'><script>alert(1)</script></svg>".utf8)
            let uploaded = try await browser.client.send(
                "POST",
                "\(browser.base)/files?filename=..%2Flogo.svg",
                bytes: svg,
                headers: browser.headers.merging(["Content-Type": "image/svg+xml"]) { _, new in new }
            )
            #expect(uploaded.status == 201)
            let media: JSON = [["upload": uploaded.json["upload"] ?? .null]]
            let stolen = try await other.send("POST", "/messages", ["clientId": "stolen-0001", "media": media])
            #expect(stolen.errors == ["/media/0/upload bad_upload"])
            #expect(try await browser.send("POST", "/messages", ["clientId": "file-0001", "text": "see", "media": media]).status == 202)
            let message = try await shop.received("see")
            let file = try #require(message["body"]?["media"]?.array?.first)
            #expect(file["filename"] == "logo.svg")
            #expect(file["url"]?.string?.hasPrefix("https://bridge.example/v1/attachments/") == true)

            let link = try #require(uploaded.json["url"]?.string?.replacing("https://bridge.example", with: ""))
            let fetched = try await TestClient(port: shop.port).send("GET", link)
            #expect((fetched.status, fetched.body) == (200, String(decoding: svg, as: UTF8.self)))
            #expect(fetched.headers["content-disposition"]?.hasPrefix("attachment; ") == true)
            #expect(fetched.headers["content-security-policy"]?.contains("sandbox") == true)
            #expect(fetched.headers["x-content-type-options"] == "nosniff")
            for (part, index) in [(WorkspaceID.make().description, 2), ("1.AAAA", 4), ("other.svg", 5)] {
                var parts = link.split(separator: "/", omittingEmptySubsequences: false).map(String.init)
                parts[index] = part
                #expect(try await TestClient(port: shop.port).send("GET", parts.joined(separator: "/")).status == 404)
            }

            let kept = try await shop.agent.send("POST", "/v1/attachments?filename=a.txt", bytes: Array("plain".utf8))
            #expect(kept.status == 201)
            let conversation = message["conversationId"]?.string ?? ""
            let body: JSON = ["type": "text", "text": ["text": "yours"], "media": [["attachmentId": kept.json["id"] ?? .null]]]
            #expect(try await shop.agent.send("POST", "/v1/conversations/\(conversation)/messages", ["body": body]).status == 202)
            try await browser.sees(["yours", "see"])
            let shown = try await browser.send("GET", "/messages").data.first?["body"]?["media"]?.array?.first
            #expect(shown?["url"]?.string?.hasPrefix("https://bridge.example/files/") == true)
            let missing: JSON = [
                "type": "text", "text": ["text": "x"], "media": [["attachmentId": .string(AttachmentID.make().description)]],
            ]
            let refused = try await shop.agent.send("POST", "/v1/conversations/\(conversation)/messages", ["body": missing])
            #expect(refused.errors == ["/body/media/0/attachmentId unknown_attachment"])
        }
    }
}
