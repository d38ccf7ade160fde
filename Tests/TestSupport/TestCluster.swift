import Foundation
import Postgres

/// The one server that a test process shares: a private one, or the one that `PARLEY_TEST_DATABASE_URL` names.
package actor TestCluster {
    package static let shared = TestCluster()

    private static let namedServer = ProcessInfo.processInfo.environment["PARLEY_TEST_DATABASE_URL"]
    private var server: Task<String, any Error>?
    private var template: Task<String, any Error>?
    private var count = 0
    /// Tells this process's databases from another's on one server.
    private let prefix = "parley_test_\(getpid())"

    /// The URL of a new database, copied from a template that was migrated once.
    package func makeDatabase() async throws -> String {
        let template = try await self.migratedTemplate()
        self.count += 1
        let name = "\(self.prefix)_\(self.count)"
        try await self.administer("CREATE DATABASE \(name) TEMPLATE \(template)")
        return try await self.url(of: name)
    }

    /// On a server of our own there is no need: it goes as a whole, and each DROP DATABASE would cost all other tests a checkpoint.
    package func dropDatabase(_ url: String) async throws {
        guard Self.namedServer != nil else { return }
        guard let name = URLComponents(string: url)?.path.dropFirst() else { return }
        try await self.administer("DROP DATABASE \(name) WITH (FORCE)")
    }

    /// The URL of a new database without anything in it.
    package func makeEmptyDatabase() async throws -> String {
        self.count += 1
        let name = "\(self.prefix)_\(self.count)"
        try await self.administer("CREATE DATABASE \(name)")
        return try await self.url(of: name)
    }

    // MARK: - The server

    private func migratedTemplate() async throws -> String {
        if self.template == nil {
            self.template = Task {
                let name = "\(self.prefix)_template"
                try await self.administer("CREATE DATABASE \(name)")
                let settings = ConnectionSettings(url: try await self.url(of: name), applicationName: "test")
                try await Migrator(directory: TestDatabase.migrations).run(on: settings, logger: TestDatabase.logger)
                return name
            }
        }
        return try await self.template!.value
    }

    private func serverURL() async throws -> String {
        if self.server == nil {
            self.server = Task {
                if let url = Self.namedServer { return url }
                return try await EphemeralCluster.start().url()
            }
        }
        return try await self.server!.value
    }

    private func url(of database: String) async throws -> String {
        var components = URLComponents(string: try await self.serverURL())!
        components.path = "/\(database)"
        return components.string!
    }

    private func administer(_ statement: String) async throws {
        let connection = try await Connection.open(ConnectionSettings(url: try await self.serverURL(), applicationName: "test"))
        try await connection.script(statement)
        await connection.close()
    }
}
