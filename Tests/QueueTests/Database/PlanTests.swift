import Foundation
import Postgres
import TestSupport
import Testing

@testable import Queue

@Suite struct PlanTests {
    /// Planned when the table was never analyzed and empty, which is when a bad plan would be made and kept.
    @Test(.database, arguments: [0, 5_000]) func `every read walks an index range, however the table stood when it was planned`(
        backlog: Int
    ) async throws {
        let database = TestDatabase.current!
        if backlog > 0 { try await database.enqueue((0..<backlog).map { "key \($0)" }) }
        var plan = ReadPlan()
        plan.room = 16
        plan.views[3] = .init(generation: 1, cursor: 10, seen: Snapshot(next: 9, open: [4, 7]), floor: 5, stragglers: [])
        plan.scans = [3]
        plan.catchUps = [.init(lane: 3, workspace: UUID(), after: 5)]
        plan.due = [3]
        plan.seeks = [.init(lane: 3, key: "key", from: 7)]
        for (name, statement) in JobTable(queue: .inbox).statements(for: plan) {
            let lines = try await database.pool.query(in: .all, "EXPLAIN \(statement)").map { try $0.value("QUERY PLAN", as: String.self) }
            let scans = lines.filter { $0.contains("jobs") }
            #expect(!scans.isEmpty && scans.allSatisfy { $0.contains("Index") }, "\(name): \(scans)")
            let conditions = lines.filter { $0.contains("Index Cond") }
            #expect(conditions.allSatisfy { $0.contains("lane") || $0.contains("key") }, "\(name): \(conditions)")
        }
    }
}
