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
        let stop = await StopRequest.listening()
        guard try await self.parts.findDatabase(until: stop) else { return }
        let work = try WorkParts(self.parts)
        self.parts.logger.notice("ready")
        try await self.parts.run(self.services(of: work), until: stop)
    }

    /// With `/livez`, `/readyz` and `/metrics` of this worker, when it is told where: they answer until its work is done.
    private func services(of work: WorkParts) throws -> [any Service] {
        guard let address = try self.parts.settings.workListen else { return [work.service] }
        let health = try Health(self.parts, work)
        var routes = Routes()
        health.mount(on: &routes)
        let http = HTTPService(
            host: address.host,
            port: address.port,
            routes: routes,
            metrics: self.parts.metrics,
            logger: self.parts.logger
        )
        return [http, work.service, StopNotice { health.stop() }]
    }
}
