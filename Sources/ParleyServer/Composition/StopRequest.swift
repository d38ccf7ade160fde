import ServiceLifecycle
import UnixSignals

/// Hears SIGINT and SIGTERM from the first moment on, so that a Ctrl-C while things are still being started leaves nothing behind.
actor StopRequest {
    private(set) var isMade = false
    private var group: ServiceGroup?

    static func listening() async -> StopRequest {
        let request = StopRequest()
        let signals = await UnixSignalsSequence(trapping: .sigint, .sigterm)
        Task { for await _ in signals { await request.make() } }
        return request
    }

    /// Stops `group` when a request comes, or has come.
    func attach(_ group: ServiceGroup) async {
        self.group = group
        if self.isMade { await group.triggerGracefulShutdown() }
    }

    private func make() async {
        self.isMade = true
        await self.group?.triggerGracefulShutdown()
    }
}
