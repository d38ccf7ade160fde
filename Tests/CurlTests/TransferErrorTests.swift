import Curl
import Foundation
import TestSupport
import Testing

/// What goes wrong, and whether the peer may have acted on the request: that decides if a message may be sent again.
@Suite struct TransferErrorTests {
    private static let longBody = [UInt8](repeating: 0x61, count: 50_000_000)

    private func failure(of transfer: HTTPTransfer, with client: HTTPClient? = nil) async throws -> TransferError {
        let client = try client ?? HTTPClient.local()
        return try #require(await #expect(throws: TransferError.self) { try await client.send(transfer) })
    }

    @Test func `a refused connection was never sent`() async throws {
        let peer = try Peer { _ in }
        peer.close()
        let error = try await self.failure(of: .post(peer.url))
        #expect(error.reason == .connect && error.phase == .beforeSend)
    }

    @Test func `a name that is not known was never sent`() async throws {
        let error = try await self.failure(of: .post("http://nowhere.invalid/"))
        #expect(error.reason == .resolve && error.phase == .beforeSend)
    }

    @Test func `a reset while the body is under way is not ambiguous`() async throws {
        let peer = try Peer { line in
            _ = line.head()
            line.reset()
        }
        let error = try await self.failure(of: HTTPTransfer(method: "POST", url: peer.url, body: Self.longBody))
        #expect(error.reason == .interrupted && error.phase == .beforeSend)
        #expect(peer.connections == 1)
    }

    @Test(arguments: ["", "HTTP/1.1 201 Created\r\nContent-Le", "HTTP/1.1 201 Created\r\nContent-Length: 10\r\n\r\nhalf"])
    func `a connection that ends after the body is ambiguous, and the request is not repeated`(answer: String) async throws {
        let peer = try Peer { line in
            line.request()
            line.write(answer)
        }
        let error = try await self.failure(of: .post(peer.url))
        #expect(error.phase == .afterSend)
        #expect([.interrupted, .badAnswer].contains(error.reason))
        #expect(peer.requests.count == 1)
    }

    @Test func `a reset after the body is ambiguous`() async throws {
        let peer = try Peer { line in
            line.request()
            line.reset()
        }
        let error = try await self.failure(of: .post(peer.url))
        #expect(error.reason == .interrupted && error.phase == .afterSend)
    }

    @Test func `a request without body is ambiguous once its head has left`() async throws {
        let peer = try Peer { line in
            line.request()
            line.reset()
        }
        let error = try await self.failure(of: HTTPTransfer(method: "POST", url: peer.url))
        #expect(error.reason == .interrupted && error.phase == .afterSend)
    }

    @Test(arguments: ["Body=hello", ""])
    func `a request on a kept connection that dies is never sent a second time`(body: String) async throws {
        let peer = try Peer { line in
            line.request()
            line.answer()
            line.request()  // and no answer
        }
        let client = try HTTPClient.local()
        #expect(try await client.send(.post(peer.url)).status == 200)
        guard body.isEmpty else {
            let error = try await self.failure(of: .post(peer.url, body), with: client)
            #expect(error.reason == .interrupted && error.phase == .afterSend)
            #expect(peer.requests.count == 2)
            // libcurl opens a new connection before it asks for leave to rewind; not a byte goes over it.
            #expect(peer.bytes == peer.requests.reduce(0) { $0 + $1.head.utf8.count + $1.body.count })
            return
        }
        // Without a body libcurl could not be kept from repeating it, so it gets a connection of its own.
        #expect(try await client.send(.post(peer.url, body)).status == 200)
        #expect(peer.connections == 2 && peer.requests.count == 2)
    }

    @Test func `a kept connection that was closed in the meantime is replaced`() async throws {
        let (closings, closed) = AsyncStream.makeStream(of: Void.self)
        let peer = try Peer { line in
            line.request()
            line.answer()
            line.close()
            closed.yield()
        }
        let client = try HTTPClient.local()
        var closing = closings.makeAsyncIterator()
        for _ in 0..<3 {
            #expect(try await client.send(.post(peer.url)).status == 200)
            await closing.next()
        }
        #expect(peer.connections == 3 && peer.requests.count == 3)
    }

    @Test func `a peer that never answers meets the deadline`() async throws {
        let peer = try Peer { line in
            line.request()
            line.drain()
        }
        let error = try await self.failure(of: .post(peer.url, deadline: .milliseconds(200)))
        #expect(error.reason == .timeout && error.phase == .afterSend)
    }

    @Test(.timeLimit(.minutes(1)), arguments: ["HTTP/1.1 200 OK\r\nX-Slow: ", "HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n"])
    func `a peer that drips meets the deadline`(start: String) async throws {
        let peer = try Peer { line in
            line.request()
            line.write(start)
            // The dripping is what is tried: without a pause this were an endless answer, and cut off for its length.
            while line.write("x") { usleep(2_000) }
        }
        let error = try await self.failure(of: .post(peer.url, deadline: .milliseconds(300)))
        #expect(error.reason == .timeout && error.phase == .afterSend)
    }

    @Test func `a peer that accepts and says nothing to TLS meets the connect deadline, before sending`() async throws {
        let peer = try Peer { $0.drain() }
        var transfer = HTTPTransfer.post("https://127.0.0.1:\(peer.port)/")
        transfer.connectDeadline = .milliseconds(200)
        let error = try await self.failure(of: transfer)
        #expect(error.reason == .timeout && error.phase == .beforeSend)
    }

    @Test(arguments: [
        "HTTP/1.1 200 OK\r\n\r\n", "HTTP/1.1 200 OK\r\nX-Long: ", "HTTP/1.1 200 OK\r\nContent-Length: 99999999\r\n\r\n",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nfffffff\r\n",
    ])
    func `an endless answer is cut off`(start: String) async throws {
        let peer = try Peer { line in
            line.request()
            line.write(start)
            while line.write(String(repeating: "x", count: 1_000)) {}
        }
        let error = try await self.failure(of: .post(peer.url))
        #expect(error.phase == .afterSend)
        #expect(error.reason == .tooLarge || start.hasSuffix(": "))
    }

    @Test func `an endless head is cut off`() async throws {
        let peer = try Peer { line in
            line.request()
            line.write("HTTP/1.1 200 OK\r\n")
            while line.write("X-More: x\r\n") {}
        }
        #expect(try await self.failure(of: .post(peer.url)).reason == .tooLarge)
    }

    @Test(arguments: ["SSH-2.0-OpenSSH_9.2\r\n", "hello\r\n\r\n", "HTTP/9.9 200 OK\r\n\r\n"])
    func `what is not HTTP is a bad answer`(answer: String) async throws {
        let peer = try Peer { line in
            line.request()
            line.write(answer)
        }
        let error = try await self.failure(of: .post(peer.url))
        #expect(error.reason == .badAnswer && error.phase == .afterSend)
    }

    @Test func `a cancelled task ends its transfer and knows that the request had left`() async throws {
        let client = try HTTPClient.local()
        let (arrivals, arrived) = AsyncStream.makeStream(of: Void.self)
        let peer = try Peer { line in
            line.request()
            arrived.yield()
            line.drain()
        }
        let sending = Task { try await client.send(.post(peer.url)) }
        for await _ in arrivals { break }
        sending.cancel()
        let error = await #expect(throws: TransferError.self) { try await sending.value }
        #expect(error?.reason == .cancelled && error?.phase == .afterSend)
    }

    @Test(arguments: [("x-a", "b\r\nx-c: d"), ("x-a", "b\u{0}"), ("x a", "b"), ("x-a:", "b"), ("", "b"), ("x-a\n", "b")])
    func `a header that would break the head is refused`(name: String, value: String) async throws {
        let peer = try Peer { _ in }
        let error = try await self.failure(of: HTTPTransfer(method: "POST", url: peer.url, headers: [name: value], body: [0x61]))
        #expect(error.reason == .invalidRequest && error.phase == .beforeSend)
        #expect(peer.connections == 0)
    }
}
