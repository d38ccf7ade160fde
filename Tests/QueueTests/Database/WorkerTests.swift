import Foundation
import Postgres
import Synchronization
import TestSupport
import Testing

@testable import Queue

@Suite struct WorkerTests {

    @Test(.database) func `handles every job once, those of a key in order, and leaves nothing behind`() async throws {
        let database = TestDatabase.current!
        let keys = (0..<40).map { "key \($0)" }
        try await database.enqueue(keys, count: 25)
        let handler = RecordingHandler()
        let worker = database.start(database.worker(handler))
        try await eventually { try await database.depth() == 0 }
        await worker.stop()
        #expect(handler.handled.count == 1_000)
        for key in keys { #expect(handler.texts(of: key) == (1...25).map(String.init)) }
    }

    @Test(.database) func `many jobs share a commit`() async throws {
        let database = TestDatabase.current!
        try await database.enqueue((0..<500).map { "key \($0)" })
        let handler = RecordingHandler()
        let running = database.start(database.worker(handler, shape: .keys(concurrent: 64)))
        try await eventually { try await database.depth() == 0 }
        await running.stop()
        let values = running.worker.metrics.values
        #expect(handler.calls == 500)
        #expect(values.committedUnits == 500)
        #expect(values.commits < 250)
    }

    @Test(.database) func `two workers share the lanes evenly, and the one that stops hands its lanes back`() async throws {
        let database = TestDatabase.current!
        let first = database.start(database.worker(RecordingHandler()))
        try await eventually { try await database.shares() == [64] }
        let second = database.start(database.worker(RecordingHandler()))
        try await eventually { try await database.shares() == [32, 32] }
        let third = database.start(database.worker(RecordingHandler()))
        try await eventually { try await database.shares() == [21, 21, 22] }
        await second.stop()
        #expect(try await database.count("SELECT count(*) FROM lanes WHERE owner = \(second.worker.id)") == 0)
        try await eventually { try await database.shares() == [32, 32] }
        await first.stop()
        await third.stop()
        #expect(try await database.shares() == [])
        #expect(try await database.count("SELECT count(*) FROM workers") == 0)
    }

    @Test(.database) func `a job in flight is finished before its lane is handed back`() async throws {
        let database = TestDatabase.current!
        let (began, release) = (Alarm(), Alarm())
        let handler = RecordingHandler { _, _ in
            began.ring()
            await release.sleep(atMost: .seconds(10))
            return .done
        }
        try await database.enqueue(["slow"])
        let running = database.start(database.worker(handler))
        await began.sleep(atMost: .seconds(10))
        running.task.cancel()
        try await eventually { try await database.count("SELECT count(*) FROM lanes WHERE owner IS NOT NULL") == 1 }
        #expect(try await database.depth() == 1)
        release.ring()
        await running.task.value
        #expect(try await database.depth() == 0)
        #expect(try await database.shares() == [])
    }

    @Test(.database) func `a handler that does not end is cut off by the grace time, and its job goes to the next worker`() async throws {
        let database = TestDatabase.current!
        let began = Alarm()
        let stuck = RecordingHandler { _, _ in
            began.ring()
            try await untilCancelled()
        }
        try await database.enqueue(["stuck"])
        var pace = QueueWorker.Pace.quick
        pace.grace = .milliseconds(100)
        let running = database.start(database.worker(stuck, pace: pace))
        await began.sleep(atMost: .seconds(10))
        await running.stop()
        #expect(try await database.shares() == [])
        let next = RecordingHandler()
        let other = database.start(database.worker(next))
        try await eventually { try await database.depth() == 0 }
        await other.stop()
        #expect(next.handled.map(\.failures) == [[]])
    }

    @Test(.database) func `a handler that is cut off still has its say before its lane goes (F7)`() async throws {
        let database = TestDatabase.current!
        let began = Alarm()
        let slow = RecordingHandler { _, _ in
            began.ring()
            try? await untilCancelled()
            return .hold(reason: "cut off")
        }
        try await database.enqueue(["slow"])
        var pace = QueueWorker.Pace.quick
        pace.grace = .seconds(2)
        let running = database.start(database.worker(slow, pace: pace))
        await began.sleep(atMost: .seconds(10))
        await running.stop()
        #expect(try await database.shares() == [])
        #expect(try await database.count("SELECT count(*) FROM jobs WHERE held") == 1)
    }

    @Test(.database) func `a failing job holds back its key and nothing else, and dies with every failure`() async throws {
        let database = TestDatabase.current!
        let handler = RecordingHandler { job, _ in
            job.key == "bad" && job.payload == Array("1".utf8) ? .retry(after: nil, reason: "try \(job.attempt)") : .done
        }
        try await database.enqueue(["bad", "good"], count: 3)
        let running = database.start(database.worker(handler))
        try await eventually { try await database.depth() == 0 }
        await running.stop()
        #expect(handler.texts(of: "bad") == ["1", "1", "1", "2", "3"])
        #expect(handler.texts(of: "good") == ["1", "2", "3"])
        let letters = try await database.pool.transaction(in: .workspace(TestDatabase.workspace)) {
            try await QueueAdmin().deadLetters(of: TestDatabase.workspace, limit: 10, in: $0)
        }
        #expect(letters.map(\.failures.count) == [3])
        #expect(letters.first?.failures.map(\.reason) == ["try 1", "try 2", "try 3"])
        #expect(letters.first?.failures.allSatisfy { $0.worker == running.worker.id } == true)
        #expect(letters.first?.payload == Array("1".utf8))
    }

    @Test(.database) func `a job whose transaction commits late is not stepped over`() async throws {
        let database = TestDatabase.current!
        let handler = RecordingHandler()
        let running = database.start(database.worker(handler))
        try await database.pool.withConnection { late in
            _ = try await late.pipeline(["BEGIN", "SELECT set_config('parley.workspace', '*', true)"])
            _ = try await late.pipeline(
                JobDraft.insertion([JobDraft(queue: .inbox, key: "same", workspace: TestDatabase.workspace, payload: Array("late".utf8))])
            )
            for _ in 0..<3 { try await database.enqueue((0..<50).map { "key \($0)" } + ["same"], count: 10) }
            try await eventually { try await database.depth() == 0 }
            #expect(handler.texts(of: "same").count == 30)
            _ = try await late.pipeline(["COMMIT"])
        }
        try await eventually { handler.texts(of: "same").contains("late") }
        try await eventually { try await database.depth() == 0 }
        await running.stop()
        #expect(handler.handled.count == 1_531)
    }

    @Test(.database) func `a handler's statements are committed with its jobs, or the set is tried one by one`() async throws {
        let database = TestDatabase.current!
        _ = try await database.pool.query(in: .all, "INSERT INTO workers (id, name, queue) VALUES (\(UUID()), 'taken', 'none')")
        struct Writer: JobHandler {
            func handle(_ jobs: [Job], in context: JobContext) async throws -> Handled {
                let statements: [SQL] = jobs.map { job in
                    // Division by zero for one of them.
                    "INSERT INTO workers (id, name, queue) VALUES (\(UUID()), \(job.key), 'effect') RETURNING 1 / \(job.key == "bad" ? 0 : 1)::int"
                }
                return Handled(statements: statements, verdicts: Dictionary(uniqueKeysWithValues: jobs.map { ($0.id, .done) }))
            }
        }
        try await database.enqueue((0..<20).map { "key \($0)" } + ["bad"])
        let running = database.start(database.worker(Writer()))
        try await eventually { try await database.depth() == 0 }
        await running.stop()
        #expect(try await database.count("SELECT count(*) FROM workers WHERE queue = 'effect'") == 20)
        #expect(try await database.count("SELECT count(*) FROM dead_letters WHERE reason = 'database error 22012'") == 1)
    }
}
