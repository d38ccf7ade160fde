import Foundation
package import Logging
package import Postgres

/// A fresh, migrated database for one test: `@Test(.database) func …` finds it in `TestDatabase.current`.
package struct TestDatabase: Sendable {
    @TaskLocal package static var current: TestDatabase!

    /// As the owner of the tables: migrations, and looking behind the curtain.
    package let ownerSettings: ConnectionSettings
    /// As the product connects: role `parley_app`, bound by row level security.
    package let settings: ConnectionSettings
    package let pool: Pool

    package var url: String { self.ownerSettings.url }

    init(url: String) {
        self.ownerSettings = ConnectionSettings(url: url, applicationName: "test")
        self.settings = ConnectionSettings(url: url, role: "parley_app", applicationName: "test", options: ConnectionSettings.hot)
        self.pool = Pool(settings: self.settings, size: 10, acquireTimeout: .seconds(20), logger: Self.logger)
    }

    /// Returns when `count` sessions of this database wait for a lock.
    package func waitForSessions(thatWait count: Int = 1) async throws {
        let waiting: SQL = "SELECT 1 FROM pg_locks JOIN pg_stat_activity USING (pid) WHERE NOT granted AND datname = current_database()"
        while try await self.pool.query(in: .all, waiting).count < count {}
    }

    /// The package's own migrations.
    package static let migrations = URL(fileURLWithPath: #filePath).deletingLastPathComponent().appendingPathComponent("../../sql")
        .standardized.path
    package static let logger = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
}
