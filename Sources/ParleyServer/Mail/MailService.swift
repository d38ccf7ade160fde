import Logging
import SMTP
import ServiceLifecycle

/// The SMTP listener of a process.
struct MailService: Service {
    let server: SMTPServer
    let address: ListenAddress

    func run() async throws {
        do { try await self.server.run() } catch { throw ListenFailure(error, at: self.address) ?? error }
    }
}

extension MailService {
    /// - Throws: `ConfigurationError`.
    init(
        _ parts: ProcessParts,
        keys: KeyStore,
        ingest: Ingest,
        onListening: @escaping @Sendable (ListenAddress) async -> Void = { _ in }
    ) throws {
        let settings = parts.settings
        let address = try settings.smtpListen
        let logger = parts.logger
        let receiver = MailIngest(
            mailboxes: MailboxStore(pool: parts.pool),
            channels: parts.channels,
            keys: keys,
            ingest: ingest,
            metrics: parts.metrics,
            logger: logger
        )
        let telemetry = SMTPTelemetry(metrics: parts.metrics)
        self.address = address
        self.server = SMTPServer(
            host: address.host,
            port: address.port,
            settings: try settings.smtp,
            receiver: receiver,
            certificate: try settings.smtpCertificate(logger: logger),
            // HTTP goes first, and the pool must still be there when the last mail is stored.
            grace: try settings.grace / 2,
            logger: logger,
            observe: { telemetry.happened($0) },
            onListening: { await onListening(ListenAddress(host: address.host, port: $0)) }
        )
    }
}

/// Counts sessions and replies. Addresses are no labels.
private struct SMTPTelemetry: Sendable {
    let metrics: Metrics
    private let open: Gauge

    init(metrics: Metrics) {
        self.metrics = metrics
        self.open = metrics.gauge("parley_smtp_sessions", "SMTP sessions that are open.")
    }

    func happened(_ event: SMTPEvent) {
        switch event {
        case .began:
            self.open.add(1)
            self.sessions("admitted")
        case .ended: self.open.add(-1)
        case .turnedAway: self.sessions("turned_away")
        case .encrypted: self.metrics.counter("parley_smtp_tls_total", "SMTP sessions that began TLS.").add()
        case .replied(let code):
            guard code >= 400 else { return }
            self.metrics.counter("parley_smtp_errors_total", "SMTP replies of 400 and above, by code.", ["code": "\(code)"]).add()
        }
    }

    private func sessions(_ outcome: String) {
        self.metrics.counter("parley_smtp_sessions_total", "SMTP connections, by what became of them.", ["outcome": outcome]).add()
    }
}
