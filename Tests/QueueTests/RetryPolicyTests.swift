import Foundation
import TestSupport
import Testing

@testable import Queue

@Suite struct RetryPolicyTests {
    private let policy = RetryPolicy(budget: 3, base: .seconds(1), longest: .seconds(60))

    private func job(failures: Int) -> Job {
        let failure = Failure(at: "", reason: "", worker: nil)
        return Job(
            id: 1,
            lane: 0,
            key: "key",
            workspace: UUID(),
            payload: [],
            createdAt: .distantPast,
            failures: Array(repeating: failure, count: failures)
        )
    }

    @Test(arguments: [(1, 1), (2, 2), (3, 4), (6, 32), (7, 60), (1_000, 60)])
    func `a wait lies anywhere below a bound that doubles`(failures: Int, bound: Int) {
        var random = SeededGenerator(seed: 1)
        let waits = (0..<500).map { _ in self.policy.backoff(failures: failures, using: &random) / .seconds(1) }
        #expect(waits.allSatisfy { $0 >= 0 && $0 <= Double(bound) })
        // Full jitter: over the whole range, not around a middle.
        #expect(waits.min()! < Double(bound) * 0.05 && waits.max()! > Double(bound) * 0.95)
    }

    @Test(arguments: [
        (Verdict.retry(after: .seconds(5), reason: "r"), 0, Verdict.retry(after: .seconds(5), reason: "r")),
        (.retry(after: .seconds(5), reason: "r"), 1, .retry(after: .seconds(5), reason: "r")),
        (.retry(after: .seconds(5), reason: "r"), 2, .dead(reason: "r")),
        (.retry(after: .seconds(86_400), reason: "r"), 0, .retry(after: .seconds(60), reason: "r")),
        (.retry(after: .seconds(-1), reason: "r"), 0, .retry(after: .zero, reason: "r")),
        (.later(.seconds(1)), 99, .later(.seconds(1))),
        (.later(.seconds(100)), 99, .later(.seconds(60))),
        (.done, 99, .done),
        (.hold(reason: "h"), 99, .hold(reason: "h")),
    ])
    func `waits are bounded, and the budget ends in a dead letter`(verdict: Verdict, failures: Int, result: Verdict) {
        var random = SeededGenerator(seed: 1)
        #expect(self.policy.resolve(verdict, for: self.job(failures: failures), using: &random) == result)
    }

    @Test(arguments: [("", 1), ("sms/+31612345678", 13), ("a", 0)])
    func `a key's lane never changes`(key: String, lane: Int16) {
        #expect(Lanes.lane(of: key) == lane)
    }

    @Test func `keys spread over all lanes`() {
        let lanes = (0..<64_000).map { Lanes.lane(of: "key \($0)") }
        let counts = Dictionary(grouping: lanes, by: \.self).mapValues(\.count)
        #expect(counts.count == 64)
        #expect(counts.values.allSatisfy { (800...1_200).contains($0) })
    }
}
