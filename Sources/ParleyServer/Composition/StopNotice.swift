import ServiceLifecycle

/// Does something at the order to stop, while other services still finish what they began.
struct StopNotice: Service {
    let act: @Sendable () -> Void

    func run() async throws {
        try await gracefulShutdown()
        self.act()
    }
}
