import Foundation
import Postgres
import TestSupport
import Testing

@Suite(.database) struct ConnectionTests {
    var settings: ConnectionSettings { TestDatabase.current.ownerSettings }

    @Test func `null is nil, and reading it as a value fails`() async throws {
        let row = try await Connection.open(self.settings).query("SELECT \(nil as String?) AS nothing")[0]
        #expect(try row.optional("nothing", as: String.self) == nil)
        #expect(throws: PostgresError.self) { try row.value("nothing", as: String.self) }
        #expect(throws: PostgresError.self) { try row.value("absent", as: String.self) }
    }

    @Test func `text with NUL is refused before it is sent`() async throws {
        let connection = try await Connection.open(self.settings)
        let error = await #expect(throws: PostgresError.self) { try await connection.query("SELECT \("a\0b")") }
        #expect(error?.code == .badValue)
        #expect(try await connection.query("SELECT 1 AS one")[0].value("one") == 1)
    }

    @Test(arguments: [ConnectionSettings.prompt, ConnectionSettings.hot])
    func `a client that stands still with a lock loses it soon (F5)`(options: [String: String]) async throws {
        #expect(options["idle_in_transaction_session_timeout"] == "10s")
        var settings = self.settings
        settings.options = options.merging(["idle_in_transaction_session_timeout": "100ms"]) { _, quick in quick }
        let still = try await Connection.open(settings)
        let other = try await Connection.open(settings)
        try await other.script("CREATE TABLE t (n integer); INSERT INTO t VALUES (1)")
        _ = try await still.pipeline(["BEGIN", "SELECT n FROM t FOR UPDATE"])
        // Waits for the lock, and gets it.
        #expect(try await other.execute("UPDATE t SET n = 2") == 1)
    }

    @Test func `ten thousand statements cross in one pipeline, answers in order`() async throws {
        let connection = try await Connection.open(self.settings)
        let wide = String(repeating: "x", count: 2_000)
        let results = try await connection.pipeline((0..<10_000).map { "SELECT \($0) AS n, \(wide) AS wide" })
        #expect(try results.map { try $0[0].value("n", as: Int.self) } == Array(0..<10_000))
    }

    @Test func `the first failure skips the rest, undoes what ran, and leaves the session fit`() async throws {
        let connection = try await Connection.open(self.settings)
        try await connection.script("CREATE TABLE t (n integer PRIMARY KEY)")
        let error = await #expect(throws: PostgresError.self) {
            try await connection.pipeline(["INSERT INTO t VALUES (1)", "INSERT INTO t VALUES (1)", "INSERT INTO t VALUES (2)"])
        }
        #expect(error?.code == .uniqueViolation)
        #expect(error?.constraint == "t_pkey")
        #expect(error?.message.contains("(1)") == false)
        #expect(try await connection.query("SELECT count(*) AS n FROM t")[0].value("n") == 0)
        #expect(try await connection.execute("INSERT INTO t VALUES (1), (2)") == 2)
    }

    @Test func `a statement that cannot be prepared is not remembered as if it were`() async throws {
        let connection = try await Connection.open(self.settings)
        for _ in 0..<2 {
            let error = await #expect(throws: PostgresError.self) { try await connection.query("SELECT * FROM later") }
            #expect(error?.code.rawValue == "42P01")
        }
        try await connection.script("CREATE TABLE later (n integer)")
        #expect(try await connection.query("SELECT * FROM later").isEmpty)
    }

    @Test func `more texts than the cache holds still run`() async throws {
        let connection = try await Connection.open(self.settings)
        for round in 0..<2 {
            for n in 0..<300 { #expect(try await connection.query(SQL(trusted: "SELECT \(n) + \(round) AS n"))[0].value("n") == n + round) }
        }
        #expect(try await connection.query("SELECT count(*) AS n FROM pg_prepared_statements")[0].value("n", as: Int.self) <= 288)
    }

    @Test func `cancelling the task stops the server's work`() async throws {
        let connection = try await Connection.open(self.settings)
        let watcher = try await Connection.open(self.settings)
        let task = Task { try await connection.query("SELECT pg_sleep(60)") }
        while try await watcher.query("SELECT 1 FROM pg_stat_activity WHERE query LIKE 'SELECT pg_sleep%'").isEmpty { await Task.yield() }
        task.cancel()
        let error = await #expect(throws: PostgresError.self) { try await task.value }
        #expect(error?.code == .queryCancelled)
        #expect(try await connection.query("SELECT 1 AS one")[0].value("one") == 1)
    }

    @Test func `a session the server ended reports the loss`() async throws {
        let connection = try await Connection.open(self.settings)
        let pid: Int = try await connection.query("SELECT pg_backend_pid() AS pid")[0].value("pid")
        let other = try await Connection.open(self.settings)
        _ = try await other.query("SELECT pg_terminate_backend(\(Int32(pid)), 5000)")
        #expect(connection.isStale)
        let error = await #expect(throws: PostgresError.self) { try await connection.query("SELECT 1") }
        #expect(error?.isUnavailable == true)
        #expect(connection.isBroken)
    }

    @Test func `a server that stops answering is given up, and told to stop`() async throws {
        let connection = try await Connection.open(self.settings, deadline: .milliseconds(100))
        let error = await #expect(throws: PostgresError.self) { try await connection.query("SELECT pg_sleep(61)") }
        #expect(error?.code == .connectionLost)
        #expect(connection.isBroken)
        let watcher = try await Connection.open(self.settings)
        while try await !watcher.query("SELECT 1 FROM pg_stat_activity WHERE query = 'SELECT pg_sleep(61)' AND state = 'active'").isEmpty {}
    }

    @Test func `a task that is cancelled already sends nothing`() async throws {
        let connection = try await Connection.open(self.settings)
        try await connection.script("CREATE TABLE t (n integer)")
        let task = Task {
            while !Task.isCancelled { await Task.yield() }
            try await connection.execute("INSERT INTO t VALUES (1)")
        }
        task.cancel()
        let error = await #expect(throws: PostgresError.self) { try await task.value }
        #expect(error?.code == .queryCancelled)
        #expect(try await connection.query("SELECT count(*) AS n FROM t")[0].value("n") == 0)
    }

    @Test func `an error tells what went wrong and never what was stored`() async throws {
        let connection = try await Connection.open(self.settings)
        try await connection.script("CREATE TABLE secrets (word text UNIQUE CHECK (word <> 'forbidden-canary'), n integer)")
        try await connection.execute("INSERT INTO secrets VALUES (\("canary"), 1)")
        let leaks: [SQL] = [
            "INSERT INTO secrets VALUES (\("canary"), 2)",
            "INSERT INTO secrets VALUES (\("forbidden-canary"), 2)",
            "SELECT (\("canary"))::integer",
            "SELECT (\("canary \"quoted\""))::timestamptz",
            "SELECT (\("{canary"))::jsonb",
            "SELECT word::uuid FROM secrets",
        ]
        for sql in leaks {
            let error = await #expect(throws: PostgresError.self) { try await connection.query(sql) }
            #expect(error.map { "\($0)".contains("canary") } == false, "\(sql.text)")
            #expect(error?.message.isEmpty == false)
        }
    }

    @Test func `after an error in a transaction, with a full cache, it can still be rolled back`() async throws {
        let connection = try await Connection.open(self.settings)
        for n in 0..<300 { _ = try await connection.query(SQL(trusted: "SELECT \(n)")) }
        try await connection.execute("BEGIN")
        for n in 300..<400 { _ = try await connection.query(SQL(trusted: "SELECT \(n)")) }
        await #expect(throws: PostgresError.self) { try await connection.query("SELECT 1 / 0") }
        await #expect(throws: PostgresError.self) { try await connection.query("SELECT 1") }
        try await connection.execute("ROLLBACK")
        #expect(connection.isIdle)
        #expect(try await connection.query("SELECT 1 AS one")[0].value("one") == 1)
    }

    @Test func `what a session asks for in its URL is added to, not replaced`() async throws {
        var settings = self.settings
        settings.url += (settings.url.contains("?") ? "&" : "?") + "options=-c%20work_mem%3D5MB"
        settings.options = ["jit": "off", "search_path": #""a b", public"#]
        let row = try await Connection.open(settings).query(
            "SELECT current_setting('work_mem') AS memory, current_setting('jit') AS jit, current_setting('search_path') AS path"
        )[0]
        #expect(try row.value("memory") == "5MB")
        #expect(try row.value("jit") == "off")
        #expect(try row.value("path") == #""a b", public"#)
    }

    @Test func `nobody there is an error, not a hang`() async throws {
        let error = await #expect(throws: PostgresError.self) {
            try await Connection.open(ConnectionSettings(url: "postgresql://127.0.0.1:1/none", applicationName: "test"))
        }
        #expect(error?.code == .connectionLost)
    }
}
