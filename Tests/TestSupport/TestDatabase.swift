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
    ///
    /// - Parameter transaction: the one that they wait for: who asks by it is not idle, and fails when the server ended it.
    package static func waitForSessions(thatWait count: Int = 1, on transaction: Transaction) async throws {
        let waiting: SQL = """
            SELECT DISTINCT w.pid FROM pg_locks w JOIN pg_locks h USING (pid) JOIN pg_database d ON d.oid = h.database
            WHERE NOT w.granted AND d.datname = current_database()
            """
        while try await transaction.query(waiting).count < count {}
    }

    /// The package's own migrations.
    package static let migrations = URL(fileURLWithPath: #filePath).deletingLastPathComponent().appendingPathComponent("../../sql")
        .standardized.path
    package static let logger = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
}
