import Foundation
import Postgres
import TestSupport
import Testing

@testable import Queue

@Suite struct QueueAdminTests {
    private let admin = QueueAdmin()

    @Test(.database) func `a held key waits, others go on, and a released one continues in order`() async throws {
        let database = TestDatabase.current!
        let scope = WorkspaceScope.workspace(TestDatabase.workspace)
        try await database.enqueue(["held", "free"], count: 2)
        let held = try await database.pool.transaction(in: scope) { try await admin.hold(.key("held"), in: .inbox, $0) }
        #expect(held == 2)
        let handler = RecordingHandler()
        let running = database.start(database.worker(handler))
        try await database.enqueue(["held"], count: 1)
        try await eventually { try await database.depth() == 3 }
        let shape = try await database.pool.transaction(in: .all) { try await admin.shape(of: .inbox, in: $0) }
        #expect((shape.depth, shape.held, shape.dead) == (3, 2, 0))
        #expect(shape.lanes.count == 64 && shape.lanes.allSatisfy { $0.owner == running.worker.id && $0.ownerName == "test" })
        let released = try await database.pool.transaction(in: scope) { try await admin.release(.key("held"), in: .inbox, $0) }
        #expect(released == 2)
        try await eventually { try await database.depth() == 0 }
        await running.stop()
        #expect(handler.texts(of: "held") == ["1", "2", "1"])
    }

    @Test(.database) func `what waited behind a dropped job runs`() async throws {
        let database = TestDatabase.current!
        let handler = RecordingHandler { job, _ in job.payload == Array("1".utf8) ? .hold(reason: "for a person") : .done }
        let running = database.start(database.worker(handler))
        try await database.enqueue(["key"], count: 3)
        try await eventually { try await database.count("SELECT count(*) FROM jobs WHERE held") == 1 }
        let id: Int64 = try await database.pool.query(in: .all, "SELECT id FROM jobs WHERE held")[0].value("id")
        let dropped = try await database.pool.transaction(in: .all) { try await admin.drop(.job(id: id, key: "key"), in: .inbox, $0) }
        #expect(dropped == 1)
        try await eventually { try await database.depth() == 0 }
        await running.stop()
        #expect(handler.texts(of: "key") == ["1", "2", "3"])
    }

    @Test(.database) func `dead letters are listed in pages, mended, retried and dropped, each by its own workspace only`() async throws {
        let database = TestDatabase.current!
        let (mine, other) = (WorkspaceScope.workspace(TestDatabase.workspace), WorkspaceScope.workspace(UUID()))
        try await database.enqueue(["a", "b", "c"])
        let handler = RecordingHandler { job, _ in job.payload == Array("mended".utf8) ? .done : .dead(reason: "no") }
        let running = database.start(database.worker(handler))
        try await eventually { try await database.count("SELECT count(*) FROM dead_letters") == 3 }

        let workspace = TestDatabase.workspace
        let first = try await database.pool.transaction(in: mine) { try await admin.deadLetters(of: workspace, limit: 2, in: $0) }
        let rest = try await database.pool.transaction(in: mine) {
            try await admin.deadLetters(of: workspace, before: first.last?.id, limit: 2, in: $0)
        }
        #expect(Set((first + rest).map(\.key)) == ["a", "b", "c"] && first.count == 2)
        #expect(first[0].reason == "no" && first[0].failures.map(\.reason) == ["no"] && first[0].payload == Array("1".utf8))
        let (one, two) = (first[0].id, first[1].id)
        let foreign = try await database.pool.transaction(in: other) {
            (
                try await admin.deadLetters(of: workspace, limit: 9, in: $0).count, try await admin.retry(one, of: workspace, in: $0),
                try await admin.drop(one, of: workspace, in: $0)
            )
        }
        #expect(foreign == (0, false, false))
        #expect(
            try await database.pool.transaction(in: mine) {
                try await admin.retry(one, of: workspace, payload: Array("mended".utf8), in: $0)
            }
        )
        #expect(try await database.pool.transaction(in: mine) { try await admin.drop(two, of: workspace, in: $0) })
        try await eventually { try await database.depth() == 0 }
        await running.stop()
        #expect(try await database.count("SELECT count(*) FROM dead_letters") == 1)
        #expect(handler.texts(of: first[0].key) == ["1", "mended"])
    }
}
