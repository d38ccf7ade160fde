import Foundation
import Postgres
import TestSupport
import Testing

/// Migrations run on databases made for the test, from folders made for the test.
struct MigratorTests {
    /// A folder of migrations and an empty database, gone when the body ends.
    private func withDatabase(
        _ files: [String: String],
        _ body: (String, ConnectionSettings) async throws -> Void
    ) async throws {
        let folder = NSTemporaryDirectory() + "/migrations-\(UUID().uuidString)"
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(atPath: folder) }
        for (name, text) in files { try self.write(text, to: "\(folder)/\(name)") }
        let url = try await TestCluster.shared.makeEmptyDatabase()
        try await body(folder, ConnectionSettings(url: url, applicationName: "test"))
        try await TestCluster.shared.dropDatabase(url)
    }

    private func write(_ text: String, to path: String) throws { try text.write(toFile: path, atomically: true, encoding: .utf8) }

    private func run(_ folder: String, on settings: ConnectionSettings, lockTimeout: Duration = .seconds(1)) async throws -> [Int] {
        try await Migrator(directory: folder, lockTimeout: lockTimeout).run(on: settings, logger: TestDatabase.logger).map(\.number)
    }

    private let two = [
        "0001_create_a.sql": "CREATE TABLE a (n integer); INSERT INTO a VALUES (1);",
        "0002_create_b.sql":
            "-- Why: semicolons; in 'comments'\nCREATE FUNCTION f() RETURNS text LANGUAGE sql AS $$ SELECT ';' $$;\nCREATE TABLE b ();",
    ]

    @Test func `each file runs once, in order`() async throws {
        try await self.withDatabase(self.two) { folder, settings in
            #expect(try await self.run(folder, on: settings) == [1, 2])
            #expect(try await self.run(folder, on: settings) == [])
            try self.write("ALTER TABLE a ADD COLUMN m text", to: folder + "/0010_more.sql")
            let connection = try await Connection.open(settings)
            #expect(try await Migrator(directory: folder).pending(on: connection).map(\.name) == ["0010_more.sql"])
            #expect(try await self.run(folder, on: settings) == [10])
            #expect(try await connection.query("SELECT count(*) AS n FROM a")[0].value("n") == 1)
        }
    }

    @Test func `of several at once, one works and the others wait for it`() async throws {
        let slow = ["0001_slow.sql": "CREATE TABLE a (n integer); SELECT pg_sleep(0.3); INSERT INTO a VALUES (1);"]
        try await self.withDatabase(slow) { folder, settings in
            let runs = try await withThrowingTaskGroup { group in
                for _ in 0..<4 { group.addTask { try await self.run(folder, on: settings) } }
                return try await group.reduce(into: [Int]()) { $0 += $1 }
            }
            #expect(runs == [1])
            #expect(try await Connection.open(settings).query("SELECT count(*) AS n FROM a")[0].value("n") == 1)
        }
    }

    @Test func `a file edited after it ran is refused, and nothing runs`() async throws {
        try await self.withDatabase(self.two) { folder, settings in
            _ = try await self.run(folder, on: settings)
            try self.write("CREATE TABLE a (n bigint)", to: folder + "/0001_create_a.sql")
            try self.write("CREATE TABLE c ()", to: folder + "/0003_create_c.sql")
            let error = await #expect(throws: PostgresError.self) { try await self.run(folder, on: settings) }
            #expect(error?.code == .migrationMismatch)
            #expect(error?.message.contains("0001_create_a.sql") == true)
            #expect(try await Connection.open(settings).query("SELECT to_regclass('c') IS NULL AS absent")[0].value("absent"))
        }
    }

    @Test(arguments: ["0001_create_a.sql", "0002_create_b.sql"])
    func `a database with a migration we do not know is refused`(missing: String) async throws {
        try await self.withDatabase(self.two) { folder, settings in
            _ = try await self.run(folder, on: settings)
            try FileManager.default.removeItem(atPath: "\(folder)/\(missing)")
            let error = await #expect(throws: PostgresError.self) { try await self.run(folder, on: settings) }
            #expect(error?.code == .migrationMismatch)
        }
    }

    @Test func `a file that fails leaves nothing of itself, and names its line`() async throws {
        var files = self.two
        files["0003_bad.sql"] = "CREATE TABLE c ();\nCREATE TABLE d ();\nINSERT INTO nowhere VALUES (1);"
        try await self.withDatabase(files) { folder, settings in
            let error = await #expect(throws: PostgresError.self) { try await self.run(folder, on: settings) }
            #expect(error?.code.rawValue == "42P01")
            #expect(error?.message.hasPrefix("0003_bad.sql:3: ") == true)
            #expect(try await Connection.open(settings).query("SELECT to_regclass('c') IS NULL AS absent")[0].value("absent"))
            try self.write("CREATE TABLE c ();", to: folder + "/0003_bad.sql")
            #expect(try await self.run(folder, on: settings) == [3])
        }
    }

    @Test func `one that is killed half-way is taken up by the next`() async throws {
        var files = self.two
        files["0003_slow.sql"] = "CREATE TABLE c (); SELECT pg_sleep(60) AS halfway;"
        try await self.withDatabase(files) { folder, settings in
            let first = Task { try await self.run(folder, on: settings) }
            let watcher = try await Connection.open(settings)
            let killing: SQL = """
                SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity
                WHERE datname = current_database() AND pid <> pg_backend_pid() AND query LIKE 'CREATE TABLE c%'
                """
            while try await watcher.query(killing).isEmpty { await Task.yield() }
            let error = await #expect(throws: PostgresError.self) { try await first.value }
            #expect(error?.code == .connectionLost)
            try self.write("CREATE TABLE c ();", to: folder + "/0003_slow.sql")
            #expect(try await self.run(folder, on: settings) == [3])
        }
    }

    @Test func `it gives way to traffic that holds a lock, and comes back`() async throws {
        try await self.withDatabase(self.two) { folder, settings in
            _ = try await self.run(folder, on: settings)
            try self.write("ALTER TABLE a ADD COLUMN m text", to: folder + "/0003_alter.sql")
            let traffic = try await Connection.open(settings)
            _ = try await traffic.pipeline(["BEGIN", "SELECT * FROM a"])
            let migration = Task { try await self.run(folder, on: settings, lockTimeout: .milliseconds(20)) }
            // Others read on between its tries: nobody queues behind it for longer than the timeout.
            let reader = try await Connection.open(settings)
            for _ in 0..<20 { _ = try await reader.query("SELECT * FROM a") }
            try await traffic.execute("COMMIT")
            #expect(try await migration.value == [3])
        }
    }

    @Test func `a file may not end the transaction it runs in`() async throws {
        try await self.withDatabase(["0001_bad.sql": "CREATE TABLE a (); COMMIT;"]) { folder, settings in
            let error = await #expect(throws: PostgresError.self) { try await self.run(folder, on: settings) }
            #expect(error?.code == .migrationMismatch)
        }
    }

    @Test(arguments: [["1_a.sql": "", "01_b.sql": ""], ["create.sql": ""]])
    func `a folder that is not in order is refused`(files: [String: String]) async throws {
        try await self.withDatabase(files) { folder, settings in
            let error = await #expect(throws: PostgresError.self) { try await self.run(folder, on: settings) }
            #expect(error?.code == .migrationMismatch)
        }
    }

    @Test func `the package's own migrations need no superuser`() async throws {
        let url = try await TestCluster.shared.makeEmptyDatabase()
        let settings = ConnectionSettings(url: url, applicationName: "test")
        let admin = try await Connection.open(settings)
        let owner = "owner_\(UUID().uuidString.lowercased().replacing("-", with: ""))"
        try await admin.script("CREATE ROLE \(owner) CREATEROLE; ALTER SCHEMA public OWNER TO \(owner)")
        var ordinary = settings
        ordinary.role = owner
        let applied = try await Migrator(directory: TestDatabase.migrations).run(on: ordinary, logger: TestDatabase.logger)
        #expect(applied.count == (try Migration.all(in: TestDatabase.migrations).count))
        try await admin.script("REASSIGN OWNED BY \(owner) TO CURRENT_USER; DROP OWNED BY \(owner); DROP ROLE \(owner)")
        await admin.close()
        try await TestCluster.shared.dropDatabase(url)
    }
}
