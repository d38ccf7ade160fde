import Foundation
import Testing

@testable import Queue

@Suite struct LeaseTableTests {
    private static let (a, b, c) = (
        UUID(uuidString: "00000000-0000-0000-0000-00000000000a")!, UUID(uuidString: "00000000-0000-0000-0000-00000000000b")!,
        UUID(uuidString: "00000000-0000-0000-0000-00000000000c")!
    )

    /// Lanes by owner: `a` held by a for a while yet, `A` expired, `.` free.
    private func table(_ lanes: String, workers: [UUID]) -> LeaseTable {
        let owners: [Character: UUID] = ["a": Self.a, "b": Self.b, "c": Self.c]
        return LeaseTable(
            leases: lanes.enumerated().map { number, mark in
                .init(
                    lane: Int16(number),
                    epoch: 1,
                    owner: owners[Character(mark.lowercased())],
                    remaining: mark.isUppercase ? .seconds(-1) : .seconds(20 - number)
                )
            },
            workers: workers
        )
    }

    @Test(arguments: [(1, [64]), (2, [32, 32]), (3, [22, 21, 21]), (10, [7, 7, 7, 7, 6, 6, 6, 6, 6, 6])])
    func `the shares differ by one lane at most and cover all`(workers: Int, shares: [Int]) {
        let fleet = (0..<workers).map { _ in UUID() }
        let table = self.table(String(repeating: ".", count: 64), workers: fleet)
        #expect(fleet.map { table.share(of: $0) }.sorted(by: >) == shares)
    }

    @Test(arguments: [
        // lanes, live workers, held by a, claims, surplus, lost
        ("........", [a], "", 8, 0, [] as [Int16]),
        ("aaaaaaaa", [a, b], "01234567", 0, 4, []),
        ("aaaabbbb", [a, b], "0123", 0, 0, []),
        ("aaaaBBBB", [a], "0123", 4, 0, []),
        ("aaaaBBBB", [a, c], "0123", 0, 0, []),
        ("bbaabb..", [a, b], "0123", 2, 0, [0, 1]),
        ("aabbbb..", [a, b], "", 4, 0, []),  // its own without knowing, and the free ones
    ])
    func `claims what is due to it, gives up what is not`(
        lanes: String,
        workers: [UUID],
        held: String,
        claims: Int,
        surplus: Int,
        lost: [Int16]
    ) {
        let held = Dictionary(uniqueKeysWithValues: held.map { (Int16(String($0))!, Int64(1)) })
        let plan = self.table(lanes, workers: workers).plan(for: Self.a, held: held)
        #expect((plan.claims.count, plan.surplus, plan.lost) == (claims, surplus, lost))
    }

    @Test func `a lane whose epoch has changed is lost, and one with jobs in flight is not claimed`() {
        let table = self.table("aa..", workers: [Self.a])
        let plan = table.plan(for: Self.a, held: [0: 1, 1: 0], leaving: [2])
        #expect(plan.lost == [1])
        #expect(plan.claims == [3])
    }

    @Test func `knows when the first foreign lease ends`() {
        #expect(self.table("abb", workers: [Self.a, Self.b]).plan(for: Self.a, held: [0: 1]).nextExpiry == .seconds(18))
    }
}
