import ServiceLifecycle

extension Pool: Service {
    /// Checks idle connections until it is told to stop; then waits for those that are lent, and closes.
    ///
    /// Start it before its users: services stop in the reverse order.
    package func run() async throws {
        while !Task.isCancelled, !Task.isShuttingDownGracefully {
            _ = try? await cancelWhenGracefulShutdown { try await Task.sleep(for: .seconds(10)) }
            guard !Task.isShuttingDownGracefully else { break }
            await self.checkIdle()
        }
        while self.gauge.inUse > 0, (try? await Task.sleep(for: .milliseconds(20))) != nil {}
        await self.close()
    }
}
