import Foundation
import Postgres
package import Testing

/// Gives a test, and each of its cases, a database of its own.
package struct DatabaseTrait: TestTrait, SuiteTrait, TestScoping {
    package var isRecursive: Bool { true }

    /// Tests all start at the same moment; as many sessions would, and keep one another from ever being accepted.
    private static let gate = Gate(width: 4 * ProcessInfo.processInfo.activeProcessorCount)

    package func provideScope(
        for test: Test,
        testCase: Test.Case?,
        performing body: @concurrent @Sendable () async throws -> Void
    ) async throws {
        guard TestDatabase.current == nil else { return try await body() }  // the suite's own is there
        await Self.gate.enter()
        defer { Self.gate.leave() }
        let url = try await TestCluster.shared.makeDatabase()
        let database = TestDatabase(url: url)
        let result: Result<Void, any Error>
        do { result = .success(try await TestDatabase.$current.withValue(database) { try await body() }) } catch {
            result = .failure(error)
        }
        await database.pool.close()
        try await TestCluster.shared.dropDatabase(url)
        try result.get()
    }
}

extension Trait where Self == DatabaseTrait {
    /// A fresh, migrated database for each test.
    package static var database: Self { DatabaseTrait() }
}
