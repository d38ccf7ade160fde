import Foundation
import Postgres
import Synchronization
import TestSupport
import Testing

@testable import Queue

@Suite struct FaultTests {
    /// Writes one row for each job it handles, in the transaction of its completion.
    struct Effects: JobHandler {
        var before: @Sendable (Job, JobContext) async throws -> Void = { _, _ in }

        func handle(_ jobs: [Job], in context: JobContext) async throws -> Handled {
            for job in jobs { try await self.before(job, context) }
            return Handled(
                statements: jobs.map { "INSERT INTO workers (id, name, queue) VALUES (\(UUID()), \($0.key), 'effect')" },
                verdicts: Dictionary(uniqueKeysWithValues: jobs.map { ($0.id, .done) })
            )
        }

        func abandon(_ job: Job) -> [SQL] { ["INSERT INTO workers (id, name, queue) VALUES (\(UUID()), \(job.key), 'abandoned')"] }
    }

    private func effects() async throws -> Int {
        try await TestDatabase.current.count("SELECT count(*) FROM workers WHERE queue = 'effect'")
    }

    @Test(.database) func `a worker that lost its lane changes nothing, and the job is done once all the same`() async throws {
        let database = TestDatabase.current!
        let (began, release, calls) = (Alarm(), Alarm(), RecordingHandler())
        let handler = Effects { job, context in
            _ = try await calls.handle([job], in: context)
            guard calls.calls == 1 else { return }
            began.ring()
            await release.sleep(atMost: .seconds(10))
        }
        try await database.enqueue(["key"])
        let running = database.start(database.worker(handler))
        await began.sleep(atMost: .seconds(10))
        // As if this worker had been stopped for longer than its lease, and another one had taken over and died at once.
        _ = try await database.pool.query(
            in: .all,
            "UPDATE lanes SET owner = \(UUID()), epoch = epoch + 1, expires_at = now() + interval '300 milliseconds' WHERE queue = 'inbox'"
        )
        release.ring()
        try await eventually { try await database.depth() == 0 }
        await running.stop()
        #expect(calls.calls == 2)
        #expect(try await self.effects() == 1)
        #expect(running.worker.metrics.values.lanesLost > 0)
    }

    @Test(.database) func `a commit before the work is fenced too`() async throws {
        let database = TestDatabase.current!
        let calls = RecordingHandler()
        let handler = Effects { job, context in
            _ = try await calls.handle([job], in: context)
            if calls.calls == 1 {
                _ = try await database.pool.query(in: .all, "UPDATE lanes SET owner = NULL, epoch = epoch + 1 WHERE queue = 'inbox'")
            }
            try await context.commit(["INSERT INTO workers (id, name, queue) VALUES (\(UUID()), 'begins', 'mark')"])
        }
        try await database.enqueue(["key"])
        let running = database.start(database.worker(handler))
        try await eventually { try await database.depth() == 0 }
        await running.stop()
        #expect(calls.calls == 2)
        #expect(try await database.count("SELECT count(*) FROM workers WHERE queue = 'mark'") == 1)
        #expect(try await self.effects() == 1)
    }

    @Test(.database) func `a silent worker's lanes are taken when their lease ends, not before`() async throws {
        let database = TestDatabase.current!
        _ = try await database.pool.query(
            in: .all,
            "UPDATE lanes SET owner = \(UUID()), epoch = 7, expires_at = now() + interval '700 milliseconds' WHERE queue = 'inbox'"
        )
        try await database.enqueue(["key"])
        let start = ContinuousClock.now
        let running = database.start(database.worker(RecordingHandler()))
        try await eventually { try await database.depth() == 0 }
        #expect(start.duration(to: .now) > .milliseconds(500))
        #expect(try await database.count("SELECT count(*) FROM lanes WHERE epoch = 8 AND owner = \(running.worker.id)") == 64)
        await running.stop()
    }

    @Test(.database) func `a job is counted as in flight after a silence, and set aside when that was the end of its worker too often`()
        async throws
    {
        let database = TestDatabase.current!
        try await database.enqueue(["suspect", "poison"])
        _ = try await database.pool.query(in: .all, "UPDATE jobs SET crashes = \(Dispatcher.crashLimit) WHERE key = 'poison'")
        _ = try await database.pool.query(
            in: .all,
            "UPDATE lanes SET owner = \(UUID()), expires_at = now() WHERE queue = 'inbox'"
        )
        let handler = Effects { job, _ in
            #expect(job.key == "suspect")
            let marks = try await database.count("SELECT crashes::bigint AS count FROM jobs WHERE key = \(job.key)")
            #expect(marks == 1)
        }
        let running = database.start(database.worker(handler))
        try await eventually { try await database.depth() == 0 }
        await running.stop()
        #expect(try await self.effects() == 1)
        #expect(try await database.count("SELECT count(*) FROM dead_letters WHERE key = 'poison'") == 1)
        #expect(try await database.count("SELECT count(*) FROM workers WHERE queue = 'abandoned' AND name = 'poison'") == 1)
    }

    @Test(.database) func `outages of the database are not held against the jobs in flight`() async throws {
        let database = TestDatabase.current!
        try await database.enqueue(["suspect"])
        _ = try await database.pool.query(
            in: .all,
            "UPDATE lanes SET owner = \(UUID()), expires_at = now() WHERE queue = 'inbox'"
        )
        let outages = Mutex(Dispatcher.crashLimit + 1)
        let running = database.start(
            database.worker(
                Effects { _, _ in
                    let isOver = outages.withLock { left in
                        left -= 1
                        return left < 0
                    }
                    if !isOver { throw PostgresError(.connectionLost, "an outage") }
                }
            )
        )
        try await eventually { try await database.depth() == 0 }
        await running.stop()
        #expect(try await self.effects() == 1)
        #expect(try await database.count("SELECT count(*) FROM dead_letters") == 0)
    }

    @Test(.database) func `connections that break again and again cost no job and double none`() async throws {
        let database = TestDatabase.current!
        let jobs = 600
        try await database.enqueue((0..<60).map { "key \($0)" }, count: jobs / 60)
        let pool = Pool(settings: database.settings, size: 4, logger: TestDatabase.logger)
        let owner = Pool(settings: database.ownerSettings, size: 1, logger: TestDatabase.logger)
        let running = database.start(database.worker(Effects(), shape: .sets(limit: 5, concurrent: 3), pool: pool))
        var done = 0
        while done < jobs {
            _ = try await owner.query(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND query LIKE '%fence%' AND pid <> pg_backend_pid()"
            )
            // The next break comes once this one is overcome.
            let before = done
            try await eventually {
                done = try await self.effects()
                return done > before
            }
        }
        try await eventually { try await database.depth() == 0 }
        await running.stop()
        #expect(try await self.effects() == jobs)
        #expect(try await database.count("SELECT count(*) FROM dead_letters") == 0)
        await pool.close()
        await owner.close()
    }

    @Test(.database) func `a workspace with a long backlog delays no other`() async throws {
        let database = TestDatabase.current!
        let other = UUID()
        try await database.enqueue((0..<2_000).map { "noisy \($0)" })
        let (begun, beginning) = AsyncStream.makeStream(of: Void.self)
        let (waiting, release) = AsyncStream.makeStream(of: Void.self)
        // However quick the machine, the backlog stands while the others' jobs come in.
        let isThere = Task { for await _ in waiting {} }
        let handler = RecordingHandler { _, _ in
            beginning.yield()
            await isThere.value
            return .done
        }
        let running = database.start(database.worker(handler, shape: .keys(concurrent: 4)))
        for await _ in begun { break }
        try await database.enqueue((0..<10).map { "quiet \($0)" }, workspace: other)
        release.finish()
        try await eventually { handler.handled.count { $0.workspace == other } == 10 }
        await running.stop()
        let last = try #require(handler.handled.lastIndex { $0.workspace == other })
        #expect(last < 1_010)
    }
}
