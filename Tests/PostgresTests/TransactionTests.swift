import Foundation
import Postgres
import TestSupport
import Testing

@Suite(.database) struct TransactionTests {
    private func pool(_ size: Int = 4) async throws -> Pool {
        let pool = Pool(settings: TestDatabase.current.ownerSettings, size: size, logger: TestDatabase.logger)
        try await pool.withConnection { try await $0.script("CREATE TABLE t (n integer PRIMARY KEY, v integer NOT NULL DEFAULT 0)") }
        return pool
    }

    @Test func `what a body does is kept, and a body that throws leaves no trace`() async throws {
        struct Change: Error {}
        let pool = try await self.pool()
        let count = try await pool.transaction(in: .all) { try await $0.execute("INSERT INTO t VALUES (1), (2)") }
        #expect(count == 2)
        await #expect(throws: Change.self) {
            try await pool.transaction(in: .all) { transaction in
                try await transaction.execute("INSERT INTO t VALUES (3)")
                throw Change()
            }
        }
        #expect(try await pool.query("SELECT count(*) AS n FROM t")[0].value("n") == 2)
        await pool.close()
    }

    @Test func `a body that hides an error does not commit half of its work`() async throws {
        let pool = try await self.pool()
        let error = await #expect(throws: PostgresError.self) {
            try await pool.transaction(in: .all) { transaction in
                try await transaction.execute("INSERT INTO t VALUES (1)")
                _ = try? await transaction.execute("INSERT INTO t VALUES (1)")
            }
        }
        #expect(error?.code == .failedTransaction)
        #expect(try await pool.query("SELECT count(*) AS n FROM t")[0].value("n") == 0)
        await pool.close()
    }

    @Test func `serializable transactions that collide are run again until all are in`() async throws {
        let pool = try await self.pool()
        try await pool.execute("INSERT INTO t VALUES (1)")
        let runs = Counter()
        try await withThrowingTaskGroup { group in
            for _ in 0..<4 {
                group.addTask {
                    for _ in 0..<5 {
                        while true {
                            do {
                                try await pool.transaction(in: .all, isolation: .serializable) { transaction in
                                    runs.increment()
                                    let value: Int = try await transaction.query("SELECT v FROM t WHERE n = 1")[0].value("v")
                                    try await transaction.execute("UPDATE t SET v = \(Int32(value + 1)) WHERE n = 1")
                                }
                                break
                            } catch let error as PostgresError where error.isRetryable { continue }
                        }
                    }
                }
            }
            try await group.waitForAll()
        }
        #expect(try await pool.query("SELECT v FROM t WHERE n = 1")[0].value("v") == 20)
        #expect(runs.value > 20)
        await pool.close()
    }

    @Test func `a deadlock costs one of the two a second try`() async throws {
        let pool = try await self.pool()
        try await pool.execute("INSERT INTO t VALUES (1), (2)")
        try await pool.execute(SQL(trusted: "ALTER DATABASE \(self.database) SET deadlock_timeout = '50ms'"))
        let fresh = Pool(settings: TestDatabase.current.ownerSettings, size: 2, logger: TestDatabase.logger)
        let meeting = Counter()
        try await withThrowingTaskGroup { group in
            for (first, second) in [(1, 2), (2, 1)] {
                group.addTask {
                    try await fresh.transaction(in: .all) { transaction in
                        try await transaction.execute("UPDATE t SET v = v + 1 WHERE n = \(Int32(first))")
                        meeting.increment()
                        while meeting.value < 2 { await Task.yield() }
                        try await transaction.execute("UPDATE t SET v = v + 1 WHERE n = \(Int32(second))")
                    }
                }
            }
            try await group.waitForAll()
        }
        #expect(try await pool.query("SELECT v FROM t ORDER BY n").map { try $0.value("v", as: Int.self) } == [2, 2])
        #expect(meeting.value == 3)
        await pool.close()
        await fresh.close()
    }

    private var database: String { URL(string: TestDatabase.current.url)!.lastPathComponent }

    @Test func `everything in one round trip is all or nothing`() async throws {
        let pool = try await self.pool()
        let rows = try await pool.pipeline(in: .all, ["INSERT INTO t VALUES (1)", "SELECT count(*) AS n FROM t"])
        #expect(try rows[1][0].value("n") == 1)
        let error = await #expect(throws: PostgresError.self) {
            try await pool.pipeline(in: .all, ["INSERT INTO t VALUES (2)", "INSERT INTO t VALUES (1)", "INSERT INTO t VALUES (3)"])
        }
        #expect(error?.code == .uniqueViolation)
        #expect(try await pool.query(in: .all, "SELECT count(*) AS n FROM t")[0].value("n") == 1)
        await pool.close()
    }

    @Test func `the workspace is set for one transaction and no longer`() async throws {
        let pool = Pool(settings: TestDatabase.current.ownerSettings, size: 1, logger: TestDatabase.logger)
        let id = UUID()
        let within = try await pool.query(in: .workspace(id), "SELECT current_setting('parley.workspace') AS w")[0].value(
            "w",
            as: String.self
        )
        let after = try await pool.query("SELECT current_setting('parley.workspace', true) AS w")[0].optional("w", as: String.self)
        #expect(within == id.uuidString.lowercased())
        #expect((after ?? "").isEmpty)
        await pool.close()
    }

    @Test func `a table that changes under a prepared statement costs no error`() async throws {
        let pool = try await self.pool(1)
        try await pool.execute("INSERT INTO t VALUES (1)")
        #expect(try await pool.query(in: .all, "SELECT * FROM t").count == 1)
        try await Connection.open(TestDatabase.current.ownerSettings).script("ALTER TABLE t ADD COLUMN more text")
        #expect(try await pool.query(in: .all, "SELECT * FROM t")[0].optional("more", as: String.self) == nil)
        try await pool.withConnection { try await $0.script("DEALLOCATE ALL") }
        #expect(try await pool.query(in: .all, "SELECT * FROM t").count == 1)
        await pool.close()
    }

    @Test func `one who stands still in a transaction is put out, so that its locks are free`() async throws {
        var settings = TestDatabase.current.settings
        #expect(settings.options["idle_in_transaction_session_timeout"] != nil)
        settings.options["idle_in_transaction_session_timeout"] = "20ms"
        let idler = try await Connection.open(settings)
        try await idler.execute("BEGIN")
        while !idler.isStale { await Task.yield() }
        let error = await #expect(throws: PostgresError.self) { try await idler.execute("COMMIT") }
        #expect(error?.code == .connectionLost)
    }

    @Test func `a session that ends before COMMIT leaves no doubt, one that ends in it does`() async throws {
        let pool = try await self.pool(1)
        let before = await #expect(throws: PostgresError.self) {
            try await pool.transaction(in: .all) { transaction in
                try await transaction.execute("INSERT INTO t VALUES (1)")
                try await transaction.execute("SELECT pg_terminate_backend(pg_backend_pid())")
            }
        }
        #expect(before?.code == .connectionLost)
        #expect(before?.isCommitUnknown == false)
        // A deferred trigger runs inside COMMIT: there the session ends itself.
        try await pool.withConnection {
            try await $0.script(
                """
                CREATE FUNCTION die() RETURNS trigger LANGUAGE plpgsql AS
                    $$ BEGIN PERFORM pg_terminate_backend(pg_backend_pid()); PERFORM pg_sleep(1); RETURN NULL; END $$;
                CREATE CONSTRAINT TRIGGER die AFTER INSERT ON t DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION die();
                """
            )
        }
        let within = await #expect(throws: PostgresError.self) { try await pool.pipeline(in: .all, ["INSERT INTO t VALUES (2)"]) }
        #expect(within?.code == .connectionLost)
        #expect(within?.isCommitUnknown == true)
        await pool.close()
    }
}
