import Curl
import Foundation
import TestSupport
import Testing

extension HTTPClient {
    /// A client that may reach loopback, where the tests' peers are.
    static func local(authorities: String? = nil, names: [String] = []) throws -> HTTPClient {
        try HTTPClient(
            settings: Settings(
                userAgent: "parley/test",
                egress: EgressPolicy(allowing: "127.0.0.0/8"),
                authorities: authorities,
                names: names
            )
        )
    }
}

extension HTTPTransfer {
    static func post(_ url: String, _ body: String = "Body=hello", deadline: Duration = .seconds(10)) -> HTTPTransfer {
        HTTPTransfer(method: "POST", url: url, headers: ["content-type": "text/plain"], body: Array(body.utf8), deadline: deadline)
    }
}

@Suite struct HTTPClientTests {
    @Test func `an answer is its status, its headers in lower case and its body`() async throws {
        let peer = try Peer { line in
            line.request()
            line.write("HTTP/1.1 100 Continue\r\nX-Interim: no\r\n\r\n")
            line.answer("429 Slow Down", headers: ["Retry-After:  7 ", "X-Many: a", "x-many: b", "Set-Cookie: a=b"], body: "später")
        }
        let answer = try await HTTPClient.local().send(.post(peer.url))
        #expect(answer.status == 429)
        #expect(answer.headers == ["content-length": "7", "retry-after": "7", "x-many": "a, b", "set-cookie": "a=b"])
        #expect(String(decoding: answer.body, as: UTF8.self) == "später")
    }

    @Test(arguments: ["GET", "POST", "PUT", "PATCH", "DELETE"], [0, 1, 70_000, 2_000_000])
    func `a request arrives as it was given`(method: String, size: Int) async throws {
        let peer = try Peer { line in
            line.request()
            line.answer()
        }
        let body = (0..<size).map { UInt8(truncatingIfNeeded: $0) }
        let transfer = HTTPTransfer(
            method: method,
            url: peer.url + "a%20b?c=d",
            headers: ["authorization": "Bearer x", "x-empty": ""],
            body: body
        )
        #expect(try await HTTPClient.local().send(transfer).status == 200)
        let request = try #require(peer.requests.first)
        let lines = request.head.split(whereSeparator: \.isNewline).map(String.init)
        #expect(lines.first == "\(method) /a%20b?c=d HTTP/1.1")
        #expect(lines.contains("authorization: Bearer x") && lines.contains("x-empty:") && lines.contains("User-Agent: parley/test"))
        #expect(!lines.contains { $0.hasPrefix("Expect") || $0.hasPrefix("Cookie") || $0.hasPrefix("Content-Type") })
        #expect(request.body == body)
    }

    @Test func `transfers share one connection, one after the other`() async throws {
        let peer = try Peer { line in while line.request() != nil { line.answer(headers: ["Set-Cookie: a=b"]) } }
        let client = try HTTPClient.local()
        for _ in 0..<5 { #expect(try await client.send(.post(peer.url)).status == 200) }
        #expect(peer.connections == 1)
        #expect(peer.requests.count == 5)
        #expect(!peer.requests.contains { $0.head.contains("Cookie") })
    }

    @Test func `a hundred transfers side by side each get their own answer`() async throws {
        let peer = try Peer { line in
            while let request = line.request() { line.answer(body: String(decoding: request.body, as: UTF8.self)) }
        }
        let client = try HTTPClient.local()
        let answers = try await withThrowingTaskGroup(of: (String, String).self) { group in
            for number in 0..<100 {
                group.addTask { ("\(number)", String(decoding: try await client.send(.post(peer.url, "\(number)")).body, as: UTF8.self)) }
            }
            return try await group.reduce(into: [:]) { $0[$1.0] = $1.1 }
        }
        #expect(answers.count == 100)
        #expect(answers.allSatisfy { $0.key == $0.value })
    }

    @Test func `a redirect is an answer and is not followed`() async throws {
        let target = try Peer { _ in }
        let peer = try Peer { line in
            line.request()
            line.answer("307 Temporary Redirect", headers: ["Location: \(target.url)"])
        }
        let answer = try await HTTPClient.local().send(.post(peer.url))
        #expect(answer.status == 307)
        #expect(answer.headers["location"] == target.url)
        #expect(target.connections == 0)
    }

    @Test func `an answer of exactly the limit is read`() async throws {
        let peer = try Peer { line in
            line.request()
            line.answer(body: String(repeating: "x", count: 1_000_000))
        }
        #expect(try await HTTPClient.local().send(.post(peer.url)).body.count == 1_000_000)
    }

    @Test func `a refusal before the body has ended is an answer`() async throws {
        let peer = try Peer { line in
            _ = line.head()
            line.answer("413 Content Too Large", headers: ["Connection: close"])
            line.drain()
        }
        let transfer = HTTPTransfer(method: "POST", url: peer.url, body: [UInt8](repeating: 0, count: 50_000_000), deadline: .seconds(10))
        #expect(try await HTTPClient.local().send(transfer).status == 413)
    }
}
