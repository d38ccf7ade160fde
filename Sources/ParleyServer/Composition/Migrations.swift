import Logging
import Postgres

/// `parley migrate`: the tables, brought up to date by whoever owns them.
package struct Migrations: Sendable {
    private let connection: ConnectionSettings
    private let migrator: Migrator
    private let logger: Logger

    package init(settings: Settings) throws {
        self.connection = ConnectionSettings(url: try settings.databaseURL, applicationName: "parley migrate")
        self.migrator = Migrator(directory: try settings.home.sql)
        self.logger = .process("migrate", level: .warning)
    }

    /// - Returns: the names of the files applied now.
    package func run() async throws -> [String] {
        try await self.migrator.run(on: self.connection, logger: self.logger).map(\.name)
    }

    /// - Returns: the names of the files that `run` would apply.
    package func pending() async throws -> [String] {
        let connection = try await Connection.open(self.connection)
        defer { Task { await connection.close() } }
        return try await self.migrator.pending(on: connection).map(\.name)
    }
}
