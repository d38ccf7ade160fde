import Logging
import Postgres
import ServiceLifecycle

/// `parley work`: threads what came in and delivers what goes out. Needs nothing but the database; any number may run, anywhere.
package struct WorkProcess: Sendable {
    private let parts: ProcessParts

    /// - Throws: `ConfigurationError`.
    package init(settings: Settings) throws {
        let logger = Logger.process("work", level: try settings.logLevel)
        self.parts = try ProcessParts(settings: settings, name: "work", logger: logger, options: ConnectionSettings.hot)
    }

    package func run() async throws {
        try await self.parts.waitForDatabase()
        let services = try WorkParts(self.parts).services
        self.parts.logger.notice("ready")
        try await self.parts.run(services)
    }
}
