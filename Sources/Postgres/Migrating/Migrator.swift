package import Logging

/// Brings a database to the newest schema: each file once, in order, each in a transaction of its own.
///
/// Two at once take turns by an advisory lock. One that was killed half-way left the last file undone and is simply run again.
package struct Migrator: Sendable {
    private let directory: String
    /// How long a statement of a migration may wait for a lock before it gives way to the traffic and tries again.
    private let lockTimeout: Duration

    package init(directory: String, lockTimeout: Duration = .seconds(1)) {
        self.directory = directory
        self.lockTimeout = lockTimeout
    }

    /// Applies what is missing.
    ///
    /// - Returns: the files applied now.
    /// - Throws: `.migrationMismatch` when a file that ran was edited, or the database is newer than the folder; and the server's errors.
    @discardableResult
    package func run(on settings: ConnectionSettings, logger: Logger) async throws(PostgresError) -> [Migration] {
        let connection = try await Connection.open(settings)
        try await self.lock(connection)
        try await connection.script(
            """
            CREATE TABLE IF NOT EXISTS schema_migrations (
                number     integer     NOT NULL PRIMARY KEY,
                name       text        NOT NULL,
                checksum   text        NOT NULL,
                applied_at timestamptz NOT NULL DEFAULT now()
            )
            """
        )
        let pending = try await self.pending(on: connection)
        for migration in pending {
            try await self.apply(migration, on: connection)
            logger.notice("applied migration", metadata: ["migration": "\(migration.name)"])
        }
        await connection.close()
        return pending
    }

    /// What `run` would apply. Empty: the schema is the one this program was built for.
    package func pending(on queries: some Queries) async throws(PostgresError) -> [Migration] {
        let migrations = try Migration.all(in: self.directory)
        guard try await queries.query("SELECT to_regclass('schema_migrations') IS NOT NULL AS found")[0].value("found") else {
            return migrations
        }
        var applied: [Int: String] = [:]
        for row in try await queries.query("SELECT number, checksum FROM schema_migrations") {
            applied[try row.value("number")] = try row.value("checksum", as: String.self)
        }
        if let unknown = applied.keys.filter({ number in !migrations.contains { $0.number == number } }).max() {
            throw PostgresError(.migrationMismatch, "the database has migration \(unknown), which this version does not know")
        }
        for migration in migrations {
            guard let checksum = applied[migration.number], checksum != migration.checksum else { continue }
            throw PostgresError(.migrationMismatch, "\(migration.name) was edited after it ran")
        }
        return migrations.filter { applied[$0.number] == nil }
    }

    /// The lock of a session: held over all transactions, and gone with the session, however that ends. Asked for again and again, as one
    /// who waits inside a statement holds a snapshot that keeps the server from cleaning up.
    private func lock(_ connection: Connection) async throws(PostgresError) {
        while try await !connection.query("SELECT pg_try_advisory_lock(7234895012) AS mine")[0].value("mine") {
            await self.pause(for: .milliseconds(100))
        }
    }

    private func apply(_ migration: Migration, on connection: Connection) async throws(PostgresError) {
        var attempt = 1
        while true {
            do throws(PostgresError) {
                try await connection.script("BEGIN; SET LOCAL lock_timeout = '\(Int64(self.lockTimeout / .milliseconds(1)))ms'")
                try await connection.script(migration.text)
                guard !connection.isIdle else { throw PostgresError(.migrationMismatch, "the file ends the transaction it runs in") }
                _ = try await connection.pipeline([
                    """
                    INSERT INTO schema_migrations (number, name, checksum)
                    VALUES (\(Int32(migration.number)), \(migration.name), \(migration.checksum))
                    """,
                    "COMMIT",
                ])
                return
            } catch {
                await connection.rollback()
                guard error.code == .lockNotAvailable || error.isRetryable, attempt < 30 else { throw migration.naming(error) }
                attempt += 1
                await self.pause(for: self.lockTimeout)
            }
        }
    }

    /// A task that was cancelled meanwhile learns it from its next statement.
    private func pause(for duration: Duration) async { try? await Task.sleep(for: duration) }
}
