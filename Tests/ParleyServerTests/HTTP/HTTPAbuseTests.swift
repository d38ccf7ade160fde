import Foundation
import HTTPTypes
import HummingbirdCore
import NIOCore
import Parley
import Testing

@testable import ParleyServer

@Suite struct HTTPAbuseTests {
    private static func routes() -> Routes {
        var routes = Routes()
        routes.on(.get, "/hello") { _ in .text(.ok, "hello") }
        routes.on(.post, "/echo") { request in .bytes(.ok, request.body, type: "application/octet-stream") }
        let piece = ByteBuffer(repeating: 120, count: 64_000)
        routes.on(.get, "/large") { _ in
            Response(
                status: .ok,
                body: ResponseBody { writer in
                    for _ in 0..<512 { try await writer.write(piece) }
                    try await writer.finish(nil)
                }
            )
        }
        return routes
    }

    private static func answer(to bytes: String, limits: HTTPLimits = HTTPLimits(), finishes: Bool = false) async throws -> RawAnswer {
        let (answers, out) = AsyncStream.makeStream(of: RawAnswer.self)
        try await withServer(routes: self.routes(), limits: limits) { port in
            let connection = try RawConnection(port: port)
            defer { connection.close() }
            connection.send(bytes)
            if finishes { connection.finishSending() }
            out.yield(await connection.readToEnd())
        }
        var iterator = answers.makeAsyncIterator()
        return try #require(await iterator.next())
    }

    @Test(arguments: [
        ("both lengths", "POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", 400),
        ("two lengths that differ", "POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\nContent-Length: 4\r\n\r\nabcd", 400),
        ("two lengths in one line", "POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 3, 3\r\n\r\nabc", 400),
        ("a length with a sign", "POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: +3\r\n\r\nabc", 400),
        ("a folded header", "GET /hello HTTP/1.1\r\nHost: a\r\nX-A: b\r\n c\r\n\r\n", 400),
        ("a bare line feed", "GET /hello HTTP/1.1\nHost: a\r\n\r\n", 400),
        ("a bare line feed between headers", "GET /hello HTTP/1.1\r\nHost: a\nX-A: b\r\n\r\n", 400),
        ("a bare carriage return", "GET /hello HTTP/1.1\r\nHost: a\rX-A: b\r\n\r\n", 400),
        ("a blank before the colon", "GET /hello HTTP/1.1\r\nHost : a\r\n\r\n", 400),
        ("no Host", "GET /hello HTTP/1.1\r\n\r\n", 400),
        ("two Hosts", "GET /hello HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n", 400),
        ("a NUL in a header", "GET /hello HTTP/1.1\r\nHost: a\r\nX-A: \0\r\n\r\n", 400),
        ("a coding that is not chunked", "POST /echo HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n", 400),
        (
            "a chunk size that is no number", "POST /echo HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n0x3\r\nabc\r\n0\r\n\r\n",
            400
        ),
        ("a chunk longer than its size", "POST /echo HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabcd\r\n0\r\n\r\n", 400),
        ("a method nobody knows", "F(O /hello HTTP/1.1\r\nHost: a\r\n\r\n", 400),
        ("another protocol", "SSH-2.0-OpenSSH_9.2\r\n\r\n", 400),
        ("a header over 8 kB", "GET /hello HTTP/1.1\r\nHost: a\r\nX-A: \(String(repeating: "b", count: 9000))\r\n\r\n", 431),
        ("a header over 8 kB without an end", "GET /hello HTTP/1.1\r\nHost: a\r\nX-A: \(String(repeating: "b", count: 9000))", 431),
        ("65 headers", "GET /hello HTTP/1.1\r\nHost: a\r\n\(String(repeating: "X-A: b\r\n", count: 64))\r\n", 431),
        ("a URI over 8 kB", "GET /\(String(repeating: "a", count: 8192)) HTTP/1.1\r\nHost: a\r\n\r\n", 414),
        ("a URI over 8 kB without an end", "GET /\(String(repeating: "a", count: 9000))", 414),
        ("a length over the limit", "POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 4194305\r\n\r\n", 413),
        ("a chunk over the limit", "POST /echo HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n400001\r\n", 413),
    ])
    func `refuses before the decoder and closes`(what: String, bytes: String, status: Int) async throws {
        let answer = try await Self.answer(to: bytes)
        #expect(answer.statuses == [status], "\(what)")
        #expect(answer.isClosed)
        #expect(answer.text.contains("content-type: application/problem+json\r\n"))
        #expect(answer.text.contains(#""request_id":""#))
        let path = [("GET", "/hello"), ("POST", "/echo")].first { bytes.hasPrefix("\($0) \($1) HTTP/1.1\r\n") }?.1
        #expect(TestAnswer(answer).json["instance"]?.string == path)
    }

    @Test(arguments: [
        "POST /echo?a=b HTTP/1.1\r\nHost: a\r\nContent-Length: 100\r\n\r\nabc",
        "POST /echo?a=b HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nab", "POST /echo?a=b HTTP/1.1\r\nHost:",
    ])
    func `a refusal names the path that it refuses, once that is known`(bytes: String) async throws {
        let answer = try await Self.answer(to: bytes, finishes: true)
        #expect(TestAnswer(answer).json["instance"] == "/echo")
    }

    @Test func `a length that lies gets 400 when the peer stops short`() async throws {
        let answer = try await Self.answer(to: "POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 100\r\n\r\nabc", finishes: true)
        #expect(answer.statuses == [400])
        #expect(answer.isClosed)
    }

    @Test func `what follows a length that lies is judged as the next request, after the answer to the first`() async throws {
        let answer = try await Self.answer(to: "POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\nabcdef\r\n\r\n")
        #expect(answer.statuses == [200, 400])
        #expect(answer.isClosed)
    }

    @Test(arguments: [
        ("no such path", "GET /nothing HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n", 404, ""),
        ("wrong method", "PUT /hello HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n", 405, "allow: get, head\r\n"),
    ])
    func `tells what is wrong with a sound request`(what: String, bytes: String, status: Int, header: String) async throws {
        let answer = try await Self.answer(to: bytes)
        #expect(answer.statuses == [status], "\(what)")
        #expect(header.isEmpty || answer.text.lowercased().contains(header))
        #expect(answer.text.contains("application/problem+json"))
    }

    @Test func `requests sent ahead are answered in order, chunked and plain, and an old client is closed on`() async throws {
        let answer = try await Self.answer(
            to: "POST /echo HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n3;x=y\r\nabc\r\n2\r\nde\r\n0\r\n\r\n"
                + "GET /hello HTTP/1.1\r\nHost: a\r\n\r\nPOST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\nxyzGET /hello HTTP/1.0\r\n\r\n"
        )
        #expect(answer.statuses == [200, 200, 200, 200])
        let order = ["abcde", "hello", "xyz", "hello"].reduce(answer.text[...]) { rest, word in
            rest.range(of: word).map { rest[$0.upperBound...] } ?? "missing"
        }
        #expect(order != "missing")
        #expect(answer.isClosed)
    }

    @Test func `a byte at a time is a request all the same`() async throws {
        try await withServer(routes: Self.routes()) { port in
            let connection = try RawConnection(port: port)
            defer { connection.close() }
            for byte in "POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 4\r\nConnection: close\r\n\r\nabcd".utf8 {
                connection.send([byte])
            }
            let answer = await connection.readToEnd()
            #expect(answer.status == 200)
            #expect(answer.text.hasSuffix("abcd"))
        }
    }

    @Test func `Expect 100-continue is answered before the body, and a body too large before it is sent`() async throws {
        try await withServer(routes: Self.routes()) { port in
            let connection = try RawConnection(port: port)
            defer { connection.close() }
            connection.send("POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 4\r\nExpect: 100-continue\r\nConnection: close\r\n\r\n")
            let go = await connection.read(until: { $0.hasSuffix("\r\n\r\n") })
            #expect(go.status == 100)
            connection.send("abcd")
            #expect(await connection.readToEnd().status == 200)
        }
    }

    @Test(arguments: [
        ("a head that never ends", "GET /hello HTTP/1.1\r\nHost: a\r\n", [408]),
        ("a body that never ends", "POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 100\r\n\r\nabc", [408]),
        ("nothing at all", "", []),
        ("nothing after the first request", "GET /hello HTTP/1.1\r\nHost: a\r\n\r\n", [200]),
    ])
    func `closes on a peer that makes us wait`(what: String, bytes: String, statuses: [Int]) async throws {
        var limits = HTTPLimits()
        (limits.headerDeadline, limits.bodyDeadline, limits.idle) = (.seconds(1), .seconds(1), .seconds(1))
        let answer = try await Self.answer(to: bytes, limits: limits)
        #expect(answer.statuses == statuses, "\(what)")
        #expect(answer.isClosed)
    }

    @Test func `closes on a peer that does not read, while others are served`() async throws {
        var limits = HTTPLimits()
        limits.writeDeadline = .milliseconds(300)
        try await withServer(routes: Self.routes(), limits: limits) { port in
            let slow = try RawConnection(port: port)
            defer { slow.close() }
            slow.send("GET /large HTTP/1.1\r\nHost: a\r\n\r\n")
            let started = ContinuousClock.now
            while ContinuousClock.now - started < .milliseconds(900) {
                let other = try RawConnection(port: port)
                other.send("GET /hello HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")
                #expect(await other.readToEnd().status == 200)
                other.close()
            }
            let answer = await slow.readToEnd()
            #expect(answer.isClosed)
            #expect(answer.text.utf8.count < 32_000_000)
        }
    }
}
