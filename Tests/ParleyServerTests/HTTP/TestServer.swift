import HTTPTypes
import Logging
import Testing

@testable import ParleyServer

/// Runs `body` against a listening server, and stops the server whatever comes.
func withServer(
    routes: Routes,
    limits: HTTPLimits = HTTPLimits(),
    metrics: Metrics = Metrics(),
    _ body: @escaping @Sendable (Int) async throws -> Void
) async throws {
    let (ports, ready) = AsyncStream.makeStream(of: Int.self)
    var logger = Logger(label: "test")
    logger.logLevel = .critical
    let service = HTTPService(
        host: "127.0.0.1",
        port: 0,
        routes: routes,
        limits: limits,
        metrics: metrics,
        logger: logger,
        onListening: { port in ready.yield(port) }
    )
    try await withThrowingTaskGroup(of: Void.self) { group in
        group.addTask { try await service.run() }
        var iterator = ports.makeAsyncIterator()
        let port = try #require(await iterator.next())
        do { try await body(port) } catch {
            group.cancelAll()
            throw error
        }
        group.cancelAll()
        do { try await group.waitForAll() } catch is CancellationError {}
    }
}
