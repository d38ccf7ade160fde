import Channels
import Curl
import Foundation
import Parley
import TestSupport
import Testing

@testable import ParleyServer

@Suite struct MediaFetcherTests {
    /// WhatsApp's two steps: the first answers with a URL, the second with the bytes; both want the token.
    struct Desk {
        let adapter: any Adapter
        let channel: ChannelContext
        let fetcher: MediaFetcher

        init(_ provider: Peer, egress: String = "127.0.0.0/8") throws {
            let adapters = try AdapterRegistry.load(from: "\(TestDatabase.migrations)/../Tests/ChannelsTests/Fixtures")
            self.adapter = try #require(adapters[AdapterName(rawValue: "whatsapp")!])
            self.channel = ChannelContext(
                id: .make(),
                workspace: .make(),
                settings: ["access_token": "canary-token", "api_base": .string("http://127.0.0.1:\(provider.port)")],
                verification: .off,
                hookURL: "https://bridge.example/hooks/1"
            )
            self.fetcher = MediaFetcher(
                client: try HTTPClient(settings: .init(userAgent: "test", egress: EgressPolicy(allowing: egress)))
            )
        }

        func fetch() async throws -> AttachmentFile {
            let media = Media(url: "", contentType: "image/png", filename: "../a.gif", reference: "M1")
            return try await self.fetcher.fetch(media, through: self.adapter, for: self.channel)
        }
    }

    /// Answers the first step with a URL on itself, and the second as told.
    private static func provider(_ answer: @escaping @Sendable (Line) -> Void) throws -> Peer {
        try Peer.provider { request, line in
            let host = request.head.split(whereSeparator: \.isNewline).first { $0.lowercased().hasPrefix("host:") }?.dropFirst(6) ?? ""
            if request.head.hasPrefix("GET /M1 ") {
                line.answer(body: #"{"url": "http://\#(host)/bytes"}"#)
            } else if request.head.hasPrefix("GET /moved ") {
                line.answer(body: "GIF89a moved")
            } else {
                answer(line)
            }
        }
    }
    private static func hasToken(_ request: Peer.Request?) -> Bool { request?.head.contains("canary-token") == true }

    @Test func `asks for a file's URL, then for its bytes, and believes the bytes`() async throws {
        let provider = try Self.provider { $0.answer(headers: ["Content-Type: image/png"], body: "GIF89a") }
        defer { provider.close() }
        let file = try await Desk(provider).fetch()
        #expect(
            (file.contentType, file.declaredType, file.filename, file.bytes) == ("image/gif", "image/png", "a.gif", Array("GIF89a".utf8))
        )
        #expect(provider.requests.map(Self.hasToken) == [true, true])
    }

    @Test func `follows to another host without what the first was shown, and on its own host with it`() async throws {
        let other = try Peer.provider { _, line in line.answer(body: "GIF89a elsewhere") }
        defer { other.close() }
        let away = try Self.provider { $0.answer("302 Found", headers: ["Location: \(other.url)x"]) }
        defer { away.close() }
        #expect(try await Desk(away).fetch().bytes == Array("GIF89a elsewhere".utf8))
        #expect(other.requests.map(Self.hasToken) == [false])
        let home = try Self.provider { $0.answer("307 Temporary Redirect", headers: ["Location: /moved"]) }
        defer { home.close() }
        #expect(try await Desk(home).fetch().bytes == Array("GIF89a moved".utf8))
        #expect(Self.hasToken(home.requests.last))
    }

    @Test(arguments: [
        ("404 Not Found", "", "not_found", true), ("410 Gone", "", "not_found", true), ("401 Unauthorized", "", "credentials", false),
        ("503 Service Unavailable", "", "http_503", false), ("429 Too Many Requests", "", "http_429", false),
        ("302 Found", "Location: http://10.0.0.1/", "egress_denied", true),
        ("302 Found", "Location: file:///etc/passwd", "bad_redirect", true),
        ("302 Found", "Location: /bytes", "too_many_redirects", true),
    ])
    func `says why there is no file, and whether to ask again`(status: String, header: String, reason: String, isFinal: Bool) async throws {
        let provider = try Self.provider { $0.answer(status, headers: header.isEmpty ? [] : [header]) }
        defer { provider.close() }
        let desk = try Desk(provider)
        await #expect(throws: MediaFetcher.Failure(reason: reason, isFinal: isFinal)) { try await desk.fetch() }
    }

    @Test func `reads no more of a file than may be`() async throws {
        let provider = try Self.provider { line in line.write("HTTP/1.1 200 OK\r\nContent-Length: 100000001\r\n\r\n") }
        defer { provider.close() }
        let desk = try Desk(provider)
        await #expect(throws: MediaFetcher.Failure(reason: "too_large", isFinal: true)) { try await desk.fetch() }
    }

    @Test(arguments: [
        ("https://a.example/x", "https://a.example/y", true), ("https://a.example/x", "https://a.example:443/y", true),
        ("https://a.example/x", "//b.example/y", false), ("https://a.example/x", "https://a.example:8443/y", false),
        ("http://a.example/x", "https://a.example/y", false),
    ])
    func `an origin is scheme, host and port`(from: String, to: String, keeps: Bool) throws {
        let call = HTTPCall(method: "GET", url: from, headers: ["authorization": "x"], body: [])
        #expect(try #require(call.redirected(to: to)).headers.isEmpty == !keeps)
    }

    @Test(arguments: ["http://a.example/", "ftp://a.example/", "", "javascript:x"])
    func `what is asked for by https is not fetched in the open, or from nowhere`(location: String) {
        let call = HTTPCall(method: "GET", url: "https://a.example/x", headers: [:], body: [])
        #expect(call.redirected(to: location) == nil)
    }
}
