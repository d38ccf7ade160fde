import Foundation
import Postgres
import TestSupport
import Testing

@Suite(.database) struct ConnectionTests {
    var settings: ConnectionSettings { TestDatabase.current.ownerSettings }

    @Test func `values come back as they went`() async throws {
        let connection = try await Connection.open(self.settings)
        func echo<T: SQLValue & Equatable>(_ value: T) async throws {
            #expect(try await connection.query("SELECT \(value) AS v")[0].value("v") == value)
        }
        for value in [Int16.min, 0, .max] { try await echo(value) }
        for value in [Int32.min, 0, .max] { try await echo(value) }
        for value in [Int64.min, 0, .max] { try await echo(value) }
        for value in [Int.min, 0, .max] { try await echo(value) }
        for value in [true, false] { try await echo(value) }
        for value in [0, -1.5, .greatestFiniteMagnitude, .infinity] as [Double] { try await echo(value) }
        for value in ["", "it's; DROP TABLE x --", "Grüße 日本語 👨‍👩‍👧", String(repeating: "x", count: 100_000)] { try await echo(value) }
        for value in [[], [0, 255, 10], Array(repeating: 7, count: 70_000)] as [[UInt8]] { try await echo(value) }
        for value in [Date(timeIntervalSince1970: 0), Date(timeIntervalSince1970: 1_763_720_000.123456)] {
            let back: Date = try await connection.query("SELECT \(value) AS v")[0].value("v")
            #expect(abs(back.timeIntervalSince(value)) < 0.000_001)
        }
        try await echo(UUID())
        try await echo(JSONText(#"{"a": [1, null, "x"]}"#))
    }

    @Test func `arrays come back as they went`() async throws {
        let connection = try await Connection.open(self.settings)
        let ids = [UUID(), UUID()]
        let row = try await connection.query(
            "SELECT \(ids) AS ids, \([Int16]()) AS none, \(["a", "", "ü"]) AS texts, cardinality(\([1, nil, 3] as [Int?])) AS n, \([[1, 2], []] as [[UInt8]]) AS bytes"
        )[0]
        #expect(try row.array("ids") == ids)
        #expect(try row.array("none", of: Int16.self).isEmpty)
        #expect(try row.array("texts") == ["a", "", "ü"])
        #expect(try row.value("n") == 3)
        #expect(try row.array("bytes") == [[1, 2], []] as [[UInt8]])
    }

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

    @Test func `a fragment's parameters are counted on`() async throws {
        let filter: SQL = "n > \(3) AND n < \(6)"
        let rows = try await Connection.open(self.settings).query("SELECT n FROM generate_series(1, \(10)) AS n WHERE \(filter) ORDER BY n")
        #expect(try rows.map { try $0.value("n", as: Int.self) } == [4, 5])
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

    @Test func `nobody there is an error, not a hang`() async throws {
        let error = await #expect(throws: PostgresError.self) {
            try await Connection.open(ConnectionSettings(url: "postgresql://127.0.0.1:1/none", applicationName: "test"))
        }
        #expect(error?.code == .connectionLost)
    }
}
