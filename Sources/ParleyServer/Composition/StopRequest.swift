import ServiceLifecycle
import UnixSignals

/// Hears SIGINT and SIGTERM from the first moment on, so that being told to stop while things are still being started ends as well as any
/// other time.
actor StopRequest {
    private(set) var isMade = false
    private var group: ServiceGroup?
    private var cut: (@Sendable () -> Void)?

    static func listening() async -> StopRequest {
        let request = StopRequest()
        let signals = await UnixSignalsSequence(trapping: .sigint, .sigterm)
        Task { for await _ in signals { await request.make() } }
        return request
    }

    /// What `body` returns; nil when a request comes first, or has come: then `body` is cancelled.
    func unlessMade<T: Sendable>(_ body: @escaping @Sendable () async throws -> T) async throws -> T? {
        guard !self.isMade else { return nil }
        let task = Task { try await body() }
        self.cut = { task.cancel() }
        defer { self.cut = nil }
        do { return try await task.value } catch  where self.isMade { return nil }
    }

    /// Stops `group` when a request comes, or has come.
    func attach(_ group: ServiceGroup) async {
        self.group = group
        if self.isMade { await group.triggerGracefulShutdown() }
    }

    private func make() async {
        self.isMade = true
        self.cut?()
        await self.group?.triggerGracefulShutdown()
    }
}
