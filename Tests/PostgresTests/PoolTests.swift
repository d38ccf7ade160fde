import Foundation
import Postgres
import ServiceLifecycle
import TestSupport
import Testing

@Suite(.database) struct PoolTests {
    private func pool(size: Int, acquireTimeout: Duration = .seconds(20)) -> Pool {
        Pool(settings: TestDatabase.current.ownerSettings, size: size, acquireTimeout: acquireTimeout, logger: TestDatabase.logger)
    }

    @Test func `a hundred users share three connections, and none is lost`() async throws {
        let pool = self.pool(size: 3)
        let pids = try await withThrowingTaskGroup { group in
            for n in 0..<100 {
                group.addTask { try await pool.query("SELECT pg_backend_pid() AS pid, \(n) AS n")[0].value("pid", as: Int.self) }
            }
            return try await group.reduce(into: Set<Int>()) { $0.insert($1) }
        }
        #expect(pids.count <= 3)
        #expect(pool.gauge.inUse == 0)
        #expect(pool.gauge.waiting == 0)
        #expect(pool.gauge.waits.counts.reduce(0, +) > 0)
        await pool.close()
    }

    @Test func `who waits is served in the order of asking`() async throws {
        let pool = self.pool(size: 1)
        let order = try await pool.withConnection { _ in
            var tasks: [Task<Int, any Error>] = []
            for n in 0..<20 {
                tasks.append(Task { try await pool.query("SELECT nextval('turns') AS turn, \(n) AS n")[0].value("turn", as: Int.self) })
                while pool.gauge.waiting <= n { await Task.yield() }
            }
            try await Connection.open(TestDatabase.current.ownerSettings).script("CREATE SEQUENCE turns")
            return tasks
        }
        var turns: [Int] = []
        for task in order { turns.append(try await task.value) }
        #expect(turns == Array(1...20))
        await pool.close()
    }

    @Test func `an exhausted pool says so in time, and serves again`() async throws {
        let pool = self.pool(size: 1, acquireTimeout: .milliseconds(50))
        try await pool.withConnection { _ in
            let error = await #expect(throws: PostgresError.self) { try await pool.query("SELECT 1") }
            #expect(error?.code == .poolTimeout)
            #expect(error?.isUnavailable == true)
        }
        #expect(try await pool.query("SELECT 1 AS one")[0].value("one") == 1)
        await pool.close()
    }

    @Test func `a waiter that is cancelled leaves the queue, and takes nothing with it`() async throws {
        let pool = self.pool(size: 1)
        try await pool.withConnection { _ in
            let waiters = (0..<10).map { _ in Task { try await pool.query("SELECT 1") } }
            while pool.gauge.waiting < 10 { await Task.yield() }
            for waiter in waiters { waiter.cancel() }
            for waiter in waiters {
                let error = await #expect(throws: PostgresError.self) { try await waiter.value }
                #expect(error?.code == .queryCancelled)
            }
            #expect(pool.gauge.waiting == 0)
        }
        #expect(try await pool.query("SELECT 1 AS one")[0].value("one") == 1)
        #expect(pool.gauge.inUse == 0)
        await pool.close()
    }

    @Test func `a storm of cancellations leaves every connection fit`() async throws {
        let pool = self.pool(size: 4)
        await withTaskGroup { group in
            for n in 0..<200 {
                group.addTask {
                    let task = Task {
                        try await pool.transaction(in: .all) { transaction in
                            _ = try await transaction.query("SELECT pg_sleep(0.005), \(n) AS n")
                            _ = try await transaction.query("SELECT pg_sleep(0.005)")
                        }
                    }
                    for _ in 0..<(n % 40) { await Task.yield() }
                    if n % 2 == 0 { task.cancel() }
                    _ = await task.result
                }
            }
        }
        #expect(pool.gauge.inUse == 0)
        let answers = try await withThrowingTaskGroup { group in
            for n in 0..<20 { group.addTask { try await pool.query("SELECT \(n) AS n")[0].value("n", as: Int.self) } }
            return try await group.reduce(into: Set<Int>()) { $0.insert($1) }
        }
        #expect(answers == Set(0..<20))
        await pool.close()
    }

    @Test func `connections that the server ended are replaced before anybody meets them`() async throws {
        let pool = self.pool(size: 3)
        try await withThrowingTaskGroup { group in
            for _ in 0..<3 { group.addTask { _ = try await pool.query("SELECT pg_sleep(0.05)") } }
            try await group.waitForAll()
        }
        let killer = try await Connection.open(TestDatabase.current.ownerSettings)
        _ = try await killer.query(
            """
            SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity
            WHERE datname = current_database() AND pid <> pg_backend_pid() AND backend_type = 'client backend'
            """
        )
        for _ in 0..<6 { #expect(try await pool.query("SELECT 1 AS one")[0].value("one") == 1) }
        await pool.close()
    }

    @Test func `a connection that comes back inside a transaction is rolled back`() async throws {
        let pool = self.pool(size: 1)
        try await pool.withConnection { connection in
            try await connection.script("CREATE TABLE t (n integer)")
            _ = try await connection.pipeline(["BEGIN", "INSERT INTO t VALUES (1)"])
        }
        #expect(try await pool.query("SELECT count(*) AS n FROM t")[0].value("n") == 0)
        await pool.close()
    }

    @Test func `a closed pool refuses, also those who wait`() async throws {
        let pool = self.pool(size: 1)
        let waiter = try await pool.withConnection { _ in
            let waiter = Task { try await pool.query("SELECT 1") }
            while pool.gauge.waiting == 0 { await Task.yield() }
            await pool.close()
            return waiter
        }
        let waited = await #expect(throws: PostgresError.self) { try await waiter.value }
        let late = await #expect(throws: PostgresError.self) { try await pool.query("SELECT 1") }
        #expect(waited?.code == .poolClosed)
        #expect(late?.code == .poolClosed)
    }

    @Test func `told to stop, it waits for its users and then closes`() async throws {
        let pool = self.pool(size: 2)
        let group = ServiceGroup(configuration: .init(services: [pool], logger: TestDatabase.logger))
        let service = Task { try await group.run() }
        let user = Task { try await pool.query("SELECT pg_sleep(0.3), 1 AS one")[0].value("one", as: Int.self) }
        while pool.gauge.inUse == 0 { await Task.yield() }
        await group.triggerGracefulShutdown()
        #expect(try await user.value == 1)
        try await service.value
        let error = await #expect(throws: PostgresError.self) { try await pool.query("SELECT 1") }
        #expect(error?.code == .poolClosed)
    }
}
