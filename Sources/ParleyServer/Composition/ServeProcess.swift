import Logging
import Postgres
import ServiceLifecycle

/// `parley serve`: hooks and the API over HTTP, and mail over SMTP. Needs nothing but the database; any number may run, anywhere.
package struct ServeProcess: Sendable {
    private let parts: ProcessParts

    /// - Throws: `ConfigurationError`.
    package init(settings: Settings) throws {
        let logger = Logger.process("serve", level: try settings.logLevel)
        self.parts = try ProcessParts(settings: settings, name: "serve", logger: logger, options: ConnectionSettings.prompt)
    }

    package func run() async throws {
        let stop = await StopRequest.listening()
        guard try await self.parts.findDatabase(until: stop) else { return }
        let web = try WebParts(self.parts)
        let address = try self.parts.settings.httpListen
        let logger = self.parts.logger
        let mail = try web.mail { logger.notice("listening for mail", metadata: ["smtp": "\($0)"]) }
        try await self.parts.run(
            [mail]
                + web.services(at: address) { port in
                    logger.notice("ready", metadata: ["http": "\(ListenAddress(host: address.host, port: port))"])
                },
            until: stop
        )
    }
}
