import Channels
import Foundation
import Parley
import Postgres
import TestSupport
import Testing

@testable import ParleyServer

@Suite(.database) struct WebchatSecurityTests {
    @Test func `a page of another origin gets nothing, with or without a token`() async throws {
        try await WebchatFixture.run { shop in
            let browser = try await shop.browser()
            for origin in ["https://evil.example", "null", "http://shop.example", "https://shop.example.evil", "https://shop.example:444"] {
                for (method, path) in [
                    ("POST", "/session"), ("POST", "/messages"), ("GET", "/messages"), ("GET", "/events"), ("OPTIONS", "/session"),
                ] {
                    let headers = browser.headers.merging(["Origin": origin]) { _, new in new }
                    let answer = try await browser.client.send(method, browser.base + path, bytes: [], headers: headers)
                    #expect((answer.status, answer.code) == (403, "origin_not_allowed"), "\(origin) \(path)")
                    #expect(answer.headers["access-control-allow-origin"] == nil)
                }
            }
            let hidden = ["Authorization": "Bearer \(browser.token)", "Sec-Fetch-Site": "cross-site"]
            #expect(try await browser.client.send("GET", browser.base + "/messages", headers: hidden).status == 403)
            let own = ["Authorization": "Bearer \(browser.token)", "Origin": "https://bridge.example"]
            #expect(try await browser.client.send("GET", browser.base + "/messages", headers: own).status == 200)
        }
    }

    @Test func `an allowed page is told so, also on an error and before it asks`() async throws {
        try await WebchatFixture.run { shop in
            let browser = try await shop.browser()
            let asked = try await browser.client.send("OPTIONS", browser.base + "/messages", headers: ["Origin": WebchatFixture.origin])
            #expect(asked.status == 204)
            #expect(asked.headers["access-control-allow-headers"]?.contains("authorization") == true)
            #expect(asked.headers["access-control-allow-credentials"] == nil)
            let refused = try await browser.client.send("GET", browser.base + "/messages", headers: ["Origin": WebchatFixture.origin])
            #expect((refused.status, refused.code) == (401, "bad_token"))
            #expect(refused.headers["access-control-allow-origin"] == WebchatFixture.origin)
            #expect(refused.headers["vary"]?.contains("Origin") == true)
        }
    }

    @Test func `forged and foreign tokens open nothing`() async throws {
        try await WebchatFixture.run { shop in
            let ann = try await shop.browser()
            try await ann.say("ann's secret")
            try await ann.sees(["ann's secret"])
            let second = try await WebchatFixture.open(in: shop.workspace, shop.channels, shop.pool)
            let elsewhere = try await WorkspaceStore(pool: shop.pool).create(name: "other").id
            let foreign = try await WebchatFixture.open(in: elsewhere, shop.channels, shop.pool)
            for channel in [second, foreign] {
                let other = try await shop.browser(at: "/webchat/\(channel.id)")
                #expect(try await other.texts() == [])
                for (token, base) in [(other.token, ann.base), (ann.token, other.base)] {
                    let crossed = WebchatFixture.Browser(client: ann.client, base: base, token: token, id: "")
                    for path in ["/messages", "/events"] { #expect(try await crossed.send("GET", path).code == "bad_token") }
                    #expect(try await crossed.say("x").status == 401)
                }
            }
            let stranger = try await shop.browser()
            #expect(try await stranger.texts() == [])
            let claims = SignedClaims(keys: TokenKeys([UInt8](repeating: 0, count: 32)), purpose: "webchat visitor").sign(
                ["d": .string(ann.id)],
                until: .distantFuture
            )
            for token in [claims, String(ann.token.dropLast()), ann.token + "x", ""] {
                let forged = WebchatFixture.Browser(client: ann.client, base: ann.base, token: token, id: "")
                #expect(try await forged.send("GET", "/messages").status == 401)
            }
        }
    }

    @Test func `a user whose id only differs in its bytes hears and reads nothing of the other's (I10)`() async throws {
        try await WebchatFixture.run { shop in
            let users = ["caf\u{e9}", "cafe\u{301}"]
            let one = try await shop.browser(["identity": WebchatFixture.proof(users[0])])
            let listening = try shop.listen(one)
            defer { listening.close() }
            _ = await listening.read { $0.contains("200 OK") }
            // On the same browser: not the same person either.
            let other = try await shop.browser(["token": .string(one.token), "identity": WebchatFixture.proof(users[1])])
            try await other.say("the other's secret")
            try await other.sees(["the other's secret"])
            try await one.say("mine")
            let heard = await listening.read { $0.contains("mine") }.text
            #expect(heard.contains("mine") && !heard.contains("secret"))
            try await one.sees(["mine"])
        }
    }

    @Test func `a hook request cannot speak as a visitor`() async throws {
        try await WebchatFixture.run { shop in
            let ann = try await shop.browser()
            let headers = ["device": ann.id, "user": "boss"]
            let body: JSON = ["message": ["clientId": "c-00000001", "text": "pay them"]]
            for method in ["WEBCHAT", "POST"] {
                let answer = try await ann.client.send(method, "/hooks/\(shop.channel.id)", body, headers: headers)
                #expect(answer.status == 404 || answer.status == 400)
            }
        }
    }

    private static let id: JSON = "0190163d-8694-739b-aea5-966c26f8ad91"
    private static let nested: [(String, [String: JSON], [String])] = [
        ("/messages", ["button": ["messageId": Self.id, "value": "a\u{0}b"]], ["/button/value control_character"]),
        ("/messages", ["button": ["messageId": Self.id, "value": "a", "zz": 1]], ["/button/zz unknown_field"]),
        ("/messages", ["button": ["value": "a"]], ["/button/messageId required"]),
        ("/messages", ["button": ["messageId": "x", "value": 1]], ["/button/value wrong_type", "/button/messageId invalid_id"]),
        ("/messages", ["button": [1]], ["/button wrong_type"]),
        ("/messages", ["media": ["x"]], ["/media/0 wrong_type"]),
        ("/messages", ["media": [["upload": "x", "url": "y"]]], ["/media/0/upload bad_upload", "/media/0/url unknown_field"]),
        ("/messages", ["media": [["upload": "a\u{0}"], [:]]], ["/media/0/upload control_character", "/media/1/upload required"]),
        ("/receipts", ["messageIds": [Self.id, "x", 1]], ["/messageIds/1 invalid_id", "/messageIds/2 invalid_id"]),
        ("/receipts", ["messageIds": "x"], ["/messageIds wrong_type"]), ("/receipts", ["messageIds": []], ["/messageIds out_of_range"]),
    ]

    @Test func `what is wrong inside a button, a file or a receipt is named by its place (B16, B17, B118)`() async throws {
        try await WebchatFixture.run { shop in
            let browser = try await shop.browser()
            for (path, members, errors) in Self.nested {
                let rest: [String: JSON] = path == "/messages" ? ["clientId": "nested-0001", "text": "hi"] : ["status": "read"]
                let answer = try await browser.send("POST", path, .object(members.merging(rest) { $1 }))
                #expect(answer.status == 422)
                #expect(answer.errors == errors)
            }
            let tap: JSON = ["clientId": "tapped-0001", "text": "Yes", "button": ["messageId": Self.id, "value": "yes"]]
            #expect(try await browser.send("POST", "/messages", tap).status == 202)
        }
    }

    @Test func `bodies are bounded, and what is wrong in them is named`() async throws {
        try await WebchatFixture.run { shop in
            let browser = try await shop.browser()
            let huge = String(repeating: "x", count: 200_000)
            #expect(try await browser.say(huge).status == 413)
            #expect(try await browser.say(String(repeating: "x", count: 10_001)).errors == ["/text too_long"])
            for text in ["  ", "\u{200b}\u{2060}"] { #expect(try await browser.say(text).errors == ["/text empty_text"]) }
            #expect(try await browser.say("a\u{0}b").errors == ["/text control_character"])
            #expect(try await browser.say("hi", as: "../../etc").errors == ["/clientId invalid_id"])
            #expect(try await browser.send("GET", "/messages?limit=1000").status == 422)
            let cursor = try await browser.client.send("GET", browser.base + "/events?after=-1", headers: browser.headers)
            #expect(cursor.status == 400)
            let upload = try await browser.client.send(
                "POST",
                browser.base + "/files",
                bytes: [1, 2, 3],
                headers: ["Origin": WebchatFixture.origin]
            )
            #expect(upload.code == "bad_token")
            var limited = 0
            for _ in 0..<40 where try await browser.say("again").status == 429 { limited += 1 }
            #expect(limited > 0)
        }
    }
}
