import HTTPTypes
import HummingbirdCore
import Testing

@testable import ParleyServer

@Suite struct BodyIntakeTests {
    @Test func `bodies hold memory until they are answered, and what does not fit is put off`() async throws {
        let (arrivals, arrived) = AsyncStream.makeStream(of: Void.self)
        let (releases, release) = AsyncStream.makeStream(of: Void.self)
        var routes = Routes()
        routes.on(.post, "/slow") { _ in
            arrived.yield()
            for await _ in releases { break }
            return .text(.ok, "held")
        }
        routes.on(.post, "/quick") { request in .text(.ok, String(request.body.count)) }
        var limits = HTTPLimits()
        limits.bodies = 100_000
        try await withServer(routes: routes, limits: limits) { port in
            @Sendable func post(_ path: String, _ count: Int) async throws -> RawAnswer {
                let connection = try RawConnection(port: port)
                defer { connection.close() }
                let head = "POST \(path) HTTP/1.1\r\nHost: a\r\nContent-Length: \(count)\r\nConnection: close\r\n\r\n"
                return await connection.exchange(Array(head.utf8) + [UInt8](repeating: 0x78, count: count))
            }
            async let held = post("/slow", 60_000)
            for await _ in arrivals { break }
            #expect(try await post("/quick", 30_000).text.hasSuffix("30000"))
            let refused = try await post("/quick", 60_000)
            #expect(refused.status == 503 && refused.text.contains(#""code":"busy""#))
            #expect(refused.text.lowercased().contains("retry-after: 5"))
            release.yield()
            #expect(try await held.text.hasSuffix("held"))
            #expect(try await post("/quick", 60_000).text.hasSuffix("60000"))
        }
    }
}
