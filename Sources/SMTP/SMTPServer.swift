import Parley
package import Logging
import NIOCore
import NIOPosix
import ServiceLifecycle

/// Takes mail over SMTP or LMTP for a receiver, and knows nothing of what is in it.
package struct SMTPServer: Service {
    private let address: (host: String, port: Int)
    private let shared: SMTPConnection.Shared
    private let grace: Duration
    private let onListening: @Sendable (Int) async -> Void

    /// - Parameters:
    ///   - port: 0 for any free one.
    ///   - certificate: nil for a server without STARTTLS.
    ///   - grace: how long mails that are under way at the order to stop may still take.
    ///   - observe: called on event loops: it must not wait.
    ///   - onListening: called with the port once connections are accepted.
    package init(
        host: String,
        port: Int,
        settings: SMTPSettings,
        receiver: any MailReceiver,
        certificate: CertificateFiles? = nil,
        grace: Duration = .seconds(20),
        logger: Logger,
        observe: @escaping @Sendable (SMTPEvent) -> Void = { _ in },
        onListening: @escaping @Sendable (Int) async -> Void = { _ in }
    ) {
        self.address = (host, port)
        self.grace = grace
        self.onListening = onListening
        self.shared = SMTPConnection.Shared(
            settings: settings,
            receiver: receiver,
            certificate: certificate,
            budget: MemoryBudget(bytes: settings.limits.totalBytes),
            sessions: Sessions(limits: settings.limits),
            observe: observe,
            logger: logger
        )
    }

    /// Runs until told to stop: then nobody new comes in, who is idle is sent away, and a mail that is under way is finished.
    package func run() async throws {
        let listener = try await self.listen()
        await self.onListening(listener.localAddress?.port ?? 0)
        try await withTaskCancellationOrGracefulShutdownHandler {
            try await listener.closeFuture.get()
        } onCancelOrGracefulShutdown: {
            listener.close(promise: nil)
        }
        await self.drain()
    }

    private func listen() async throws -> any Channel {
        try await ServerBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            .serverChannelOption(.backlog, value: 512)
            .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
            .childChannelOption(.autoRead, value: false)
            .childChannelOption(.allowRemoteHalfClosure, value: true)
            .childChannelOption(.socketOption(.so_keepalive), value: 1)
            .childChannelInitializer { [shared] channel in
                channel.eventLoop.makeCompletedFuture {
                    let address = channel.remoteAddress?.ipAddress ?? ""
                    try channel.pipeline.syncOperations.addHandler(SMTPConnection(shared, address: address))
                }
            }
            .bind(host: self.address.host, port: self.address.port).get()
    }

    private func drain() async {
        let sessions = self.shared.sessions.beginStopping()
        for channel in sessions { channel.pipeline.fireUserInboundEventTriggered(SMTPConnection.Stop()) }
        let close: @Sendable () -> Void = { for channel in sessions { channel.close(promise: nil) } }
        let patience = Task {
            try await Task.sleep(for: self.grace)
            close()
        }
        await withTaskCancellationHandler {
            for channel in sessions { try? await channel.closeFuture.get() }
        } onCancel: {
            close()
        }
        patience.cancel()
    }
}
