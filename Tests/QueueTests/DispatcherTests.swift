import Foundation
import Testing

@testable import Queue

@Suite struct DispatcherTests {
    private static let (noisy, quiet) = (UUID(), UUID())

    /// All lanes in one dispatcher, reading from `database`.
    private func dispatcher(capacity: Int = 64) -> Dispatcher {
        var dispatcher = Dispatcher(capacity: capacity)
        for lane in Lanes.all { dispatcher.adopt(lane, epoch: 1) }
        return dispatcher
    }

    private func read(_ database: ModelDatabase, into dispatcher: inout Dispatcher) {
        while let plan = dispatcher.planRead() { dispatcher.apply(database.read(plan), to: plan) }
    }

    private func insert(_ keys: [String], of workspace: UUID, into database: inout ModelDatabase) {
        let xid = database.begin()
        for key in keys { _ = database.insert(key: key, workspace: workspace, payload: [], runAt: 0, in: xid, at: 0) }
        database.end(xid, commits: true, at: 0)
    }

    @Test func `memory stays bounded whatever the backlog, and a quiet workspace is next in line`() {
        var database = ModelDatabase()
        self.insert((0..<5_000).map { "noisy \($0)" }, of: Self.noisy, into: &database)
        self.insert(["quiet"], of: Self.quiet, into: &database)
        var dispatcher = self.dispatcher()
        self.read(database, into: &dispatcher)
        // Reading went on past the noisy workspace, whose share is full.
        #expect(dispatcher.buffered < 64 * 5)
        let first = dispatcher.take(2)
        #expect(first?.jobs.contains { $0.key == "quiet" } == true)
    }

    @Test func `a key with a thousand jobs has a few in memory, in flight together and in order where there is room`() {
        var database = ModelDatabase()
        self.insert(Array(repeating: "busy", count: 1_000) + ["other"], of: Self.noisy, into: &database)
        var dispatcher = self.dispatcher()
        self.read(database, into: &dispatcher)
        #expect(dispatcher.buffered <= KeyState.limit + 1)
        let jobs = dispatcher.take(10)?.jobs ?? []
        #expect(jobs.count == 10 && Set(jobs.prefix(2).map(\.key)) == ["busy", "other"])
        let busy = jobs.filter { $0.key == "busy" }
        #expect(busy.map(\.id) == busy.map(\.id).sorted())
        #expect(dispatcher.take(10) == nil)
        for job in jobs { dispatcher.settle(job, as: .gone) }
        #expect(dispatcher.take(1)?.jobs.map(\.id) == [10])
    }

    @Test(arguments: [Dispatcher.Settlement.waiting, .unknown])
    func `a job that is not gone takes those behind it out of their call`(settlement: Dispatcher.Settlement) throws {
        var database = ModelDatabase()
        self.insert(Array(repeating: "busy", count: 5), of: Self.noisy, into: &database)
        var dispatcher = self.dispatcher()
        self.read(database, into: &dispatcher)
        let jobs = dispatcher.take(4)?.jobs ?? []
        try #require(jobs.count == 4)
        dispatcher.settle(jobs[0], as: .gone)
        dispatcher.settle(jobs[1], as: settlement)
        #expect(dispatcher.take(4) == nil && dispatcher.buffered == 0)
        #expect(dispatcher.lanes[jobs[0].lane]?.running == 0)
    }

    @Test func `keys that only differ in their bytes do not hold each other up`() throws {
        // A lane has both of one in 64 such pairs.
        let keys = try #require((0...).lazy.map { ["caf\u{e9} \($0)", "cafe\u{301} \($0)"] }.first { Set($0.map(Lanes.lane)).count == 1 })
        var database = ModelDatabase()
        self.insert([keys[0], keys[1], keys[1]], of: Self.noisy, into: &database)
        var dispatcher = self.dispatcher()
        self.read(database, into: &dispatcher)
        let jobs = dispatcher.take(2)?.jobs ?? []
        #expect(jobs.map(\.id) == [1, 2])
        for job in jobs { dispatcher.settle(job, as: job.id == 1 ? .waiting : .gone) }
        #expect(dispatcher.take(2)?.jobs.map(\.id) == [3])
    }

    @Test func `a set keeps order as long as nothing follows what waits`() {
        let jobs = (1...3).map { Job(id: $0, lane: 0, key: $0 == 3 ? "other" : "key", workspace: Self.quiet, payload: [], createdAt: .now) }
        let later = Verdict.later(.seconds(1))
        #expect(Handled(verdicts: [1: .done, 2: later, 3: later]).keepsOrder(of: jobs))
        #expect(Handled(verdicts: [1: .dead(reason: ""), 2: .done, 3: .done]).keepsOrder(of: jobs))
        #expect(!Handled(verdicts: [1: later, 2: .done, 3: .done]).keepsOrder(of: jobs))
        #expect(!Handled(verdicts: [2: .done, 3: .done]).keepsOrder(of: jobs))
    }

    @Test func `the mark does not pass an id whose transaction is still open, and one open for long costs nothing`() {
        var horizon = Horizon()
        horizon.patience = 100
        horizon.record(xid: 10, after: 1_000)
        horizon.record(xid: 20, after: 2_000)
        horizon.record(xid: 30, after: 3_000)
        // 15 was running: its ids lie above 1,000.
        #expect(horizon.floor(of: 15) == 1_000)
        #expect(horizon.floor(of: 5) == 0)
        // Still running and far behind: left out, but remembered.
        horizon.observe(Snapshot(next: 40, open: [15]))
        let open = horizon.resume(from: Snapshot(next: 31, open: [15]), cursor: 3_050)
        #expect(open.floor == 3_000 && open.stragglers == [15])
        // Over: read again from the first id it can hold.
        horizon.observe(Snapshot(next: 41, open: []))
        let over = horizon.resume(from: Snapshot(next: 31, open: [15]), cursor: 3_050)
        #expect(over.floor == 1_000 && over.stragglers.isEmpty)
    }

    @Test func `snapshots are read as PostgreSQL writes them`() {
        #expect(Snapshot("100:104:100,102")?.open == [100, 102])
        #expect(Snapshot("100:100:")?.text == "100:100:")
        #expect(Snapshot("100:104:100,102")?.isOver(101) == true)
        #expect(Snapshot("100:104:100,102")?.isOver(102) == false)
        #expect(Snapshot("100:104:100,102")?.isOver(104) == false)
        #expect(Snapshot("100:104:102")?.counting(open: [99]).text == "99:104:99,102")
        for text in ["", "1:2", "a:b:c", "1:2:x"] { #expect(Snapshot(text) == nil) }
    }
}
