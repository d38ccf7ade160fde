import HTTPTypes
import HummingbirdCore
import Parley
import ServiceLifecycle
import Testing
import TestSupport

@testable import ParleyServer

@Suite struct EventStreamTests {
    private static let ask = "GET /events HTTP/1.1\r\nHost: a\r\n\r\n"

    @Test func `sends what comes as it comes, and goes on with the connection when the producer ends`() async throws {
        var routes = Routes()
        routes.on(.get, "/events") { _ in
            try Response.events { stream in
                try await stream.send(event: "message", id: "7", data: ["text": "two\nlines"])
                try await stream.send(event: "typing", data: [:])
            }
        }
        routes.on(.get, "/hello") { _ in .text(.ok, "hello") }
        try await withServer(routes: routes) { port in
            let connection = try RawConnection(port: port)
            defer { connection.close() }
            connection.send(Self.ask + "GET /hello HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")
            let answer = await connection.readToEnd()
            #expect(answer.statuses == [200, 200])
            #expect(answer.text.contains("Content-Type: text/event-stream"))
            #expect(answer.text.contains("x-request-id"))
            #expect(answer.text.contains("retry: 2000\n\n"))
            #expect(answer.text.contains("id: 7\nevent: message\ndata: {\"text\":\"two\\nlines\"}\n"))
            #expect(answer.text.contains("event: typing\ndata: {}\n"))
        }
    }

    @Test func `says that it lives while nothing happens, and has no body for HEAD`() async throws {
        var limits = HTTPLimits()
        limits.heartbeat = .milliseconds(20)
        var routes = Routes()
        routes.on(.get, "/events") { _ in try Response.events { _ in try await untilCancelled() } }
        try await withServer(routes: routes, limits: limits) { port in
            let connection = try RawConnection(port: port)
            defer { connection.close() }
            connection.send(Self.ask)
            let answer = await connection.read { $0.matches(of: /: ping\n\n/).count >= 3 }
            #expect(answer.status == 200)
            let head = try RawConnection(port: port)
            defer { head.close() }
            head.send("HEAD /events HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")
            let answered = await head.readToEnd()
            #expect(answered.status == 200)
            #expect(answered.text.hasSuffix("\r\n\r\n"))
        }
    }

    @Test func `is ended by a stopping server, with a word`() async throws {
        var routes = Routes()
        routes.on(.get, "/events") { _ in try Response.events { _ in try await untilCancelled() } }
        let started = ContinuousClock.now
        let (ports, ready) = AsyncStream.makeStream(of: Int.self)
        let service = HTTPService(
            host: "127.0.0.1",
            port: 0,
            routes: routes,
            metrics: Metrics(),
            logger: TestDatabase.logger,
            onListening: { ready.yield($0) }
        )
        let group = ServiceGroup(configuration: ServiceGroupConfiguration(services: [service], logger: TestDatabase.logger))
        let running = Task { try await group.run() }
        var listening = ports.makeAsyncIterator()
        let connection = try RawConnection(port: try #require(await listening.next()))
        defer { connection.close() }
        connection.send(Self.ask)
        _ = await connection.read { $0.contains("retry: ") }
        await group.triggerGracefulShutdown()
        let answer = await connection.readToEnd()
        try await running.value
        #expect(answer.text.contains("event: bye\n"))
        #expect(answer.isClosed)
        #expect(ContinuousClock.now - started < .seconds(10))
    }

    @Test func `is closed on a reader that never reads, and the producer hears of it`() async throws {
        var limits = HTTPLimits()
        limits.writeDeadline = .milliseconds(300)
        let (ends, end) = AsyncStream.makeStream(of: Bool.self)
        var routes = Routes()
        routes.on(.get, "/events") { _ in
            try Response.events { stream in
                defer { end.yield(true) }
                let text = JSON.string(String(repeating: "x", count: 100_000))
                while true { try await stream.send(event: "message", data: text) }
            }
        }
        try await withServer(routes: routes, limits: limits) { port in
            let connection = try RawConnection(port: port)
            defer { connection.close() }
            connection.send(Self.ask)
            var iterator = ends.makeAsyncIterator()
            #expect(await iterator.next() == true)
            #expect(await connection.readToEnd().isClosed)
        }
    }

    @Test func `is refused when there are as many as there may be`() async throws {
        var limits = HTTPLimits()
        limits.streams = 1
        var routes = Routes()
        routes.on(.get, "/events") { _ in try Response.events { _ in try await untilCancelled() } }
        try await withServer(routes: routes, limits: limits) { port in
            let first = try RawConnection(port: port)
            defer { first.close() }
            first.send(Self.ask)
            _ = await first.read { $0.contains("retry: ") }
            let second = try RawConnection(port: port)
            defer { second.close() }
            second.send("GET /events HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")
            let answer = await second.readToEnd()
            #expect(answer.status == 503)
            #expect(answer.text.contains("too_many_streams"))
        }
    }

    @Test func `a large body is taken where files are, judged before it is sent, and refused everywhere else`() async throws {
        var routes = Routes()
        let upload = Routes.Upload(limit: 6_000_000) { request in
            if request.headers[.authorization] == nil { throw Problem(401, "unauthenticated", "Unauthenticated") }
        }
        routes.on(.post, "/files/:id", upload: upload) { request in .text(.ok, "\(request.parameters["id"] ?? "") \(request.body.count)") }
        routes.on(.post, "/echo") { request in .text(.ok, "\(request.body.count)") }
        try await withServer(routes: routes) { port in
            func ask(_ target: String, _ headers: String = "", bytes: Int) async throws -> RawAnswer {
                let connection = try RawConnection(port: port)
                defer { connection.close() }
                let head = "POST \(target) HTTP/1.1\r\nHost: a\r\n\(headers)Connection: close\r\nContent-Length: \(bytes)\r\n\r\n"
                return await connection.exchange(Array(head.utf8) + [UInt8](repeating: 1, count: bytes))
            }
            let taken = try await ask("/files/a?filename=b", "Authorization: x\r\n", bytes: 5_000_000)
            #expect(taken.text.hasSuffix("a 5000000"))
            #expect(try await ask("/files/a", bytes: 1_000).status == 401)
            #expect(try await ask("/files/a", "Authorization: x\r\n", bytes: 6_000_001).status == 413)
            #expect(try await ask("/echo", bytes: 5_000_000).status == 413)
        }
    }
}
