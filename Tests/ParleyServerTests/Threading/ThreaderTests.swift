import Foundation
import Parley
import Postgres
import Queue
import TestSupport
import Testing

@testable import ParleyServer

@Suite struct ThreaderTests {
    @Test(.database, .timeLimit(.minutes(5)))
    func `two workers thread everything once and in order, though their people meet in every lane`() async throws {
        let bridges = [try await Bridge(), try await Bridge()]
        for turn in 0..<5 {
            for bridge in bridges {
                let events = (0..<40).map { thread in
                    Bridge.text("\(thread)-\(turn)", from: "+1500555010\((thread + turn) % 4)", thread: "T\(thread)")
                }
                try await bridge.receive(events)
            }
        }
        try await bridges[0].work(with: [bridges[0].worker(), bridges[0].worker()]) { try await bridges[0].backlog == 0 }
        for bridge in bridges {
            let expected = (0..<40).map { thread in (0..<5).map { "\($0 + 1):\(thread)-\($0)" }.joined(separator: " ") }
            #expect(Set(try await bridge.conversations) == Set(expected))
            #expect(try await bridge.count("SELECT count(*) FROM conversations WHERE last_seq = 5") == 40)
            #expect(try await bridge.count("SELECT count(*) FROM contacts") == 4)
            #expect(try await bridge.count("SELECT count(*) FROM participants") == 160)
            #expect(try await bridge.count("SELECT count(*) FROM events WHERE type = 'contact.created'") == 4)
        }
        #expect(try await bridges[0].deaths == [])
    }

    @Test(.database, .timeLimit(.minutes(5))) func `what comes again is dropped, whole request or not`() async throws {
        let bridge = try await Bridge()
        let metrics = Metrics()
        try await bridge.receive([Bridge.text("a"), Bridge.text("b")])
        try await bridge.receive([Bridge.text("a"), Bridge.text("b"), Bridge.text("c")])
        try await bridge.work(with: [bridge.worker(metrics: metrics)]) { try await bridge.backlog == 0 }
        #expect(try await bridge.conversations == ["1:a 2:b 3:c"])
        #expect(metrics.text.contains(#"parley_threaded_events_total{outcome="duplicate"} 2"#))
        #expect(metrics.text.contains(#"parley_threaded_events_total{outcome="message"} 3"#))
    }

    @Test(.database, .timeLimit(.minutes(5))) func `a job that cannot be threaded is dead alone`() async throws {
        let bridge = try await Bridge()
        let gone = ChannelID.make()
        let drafts = [
            JobDraft(queue: .inbox, key: "unreadable", workspace: bridge.workspace.uuid, payload: Array("{}".utf8)),
            InboxPayload.jobs(for: [Bridge.text("x\0")], of: bridge.channel, in: bridge.workspace, request: nil, receivedAt: Date())[0],
            InboxPayload.jobs(for: [Bridge.text("y")], of: gone, in: bridge.workspace, request: nil, receivedAt: Date())[0],
        ]
        _ = try await bridge.pool.pipeline(in: .all, JobDraft.insertion(drafts))
        try await bridge.receive((0..<20).map { Bridge.text("\($0)", from: "+150055501\(10 + $0)") })
        try await bridge.work(with: [bridge.worker()]) { try await bridge.backlog == 0 }
        #expect(try await bridge.deaths == ["bad_identifier", "channel_gone", "unreadable_payload"])
        #expect(try await bridge.count("SELECT count(*) FROM messages") == 20)
    }

    @Test(.database, .timeLimit(.minutes(5))) func `a job that the database refuses fails alone, the set it came in is written`()
        async throws
    {
        let bridge = try await Bridge()
        let owner = Pool(settings: TestDatabase.current.ownerSettings, size: 1, acquireTimeout: .seconds(20), logger: TestDatabase.logger)
        _ = try await owner.query("ALTER TABLE messages ADD CONSTRAINT messages_no_poison CHECK (external_id <> 'poison')")
        await owner.close()
        try await bridge.receive((0..<20).map { Bridge.text($0 == 7 ? "poison" : "\($0)", from: "+150055501\(10 + $0)") })
        try await bridge.work(with: [bridge.worker(retryPolicy: RetryPolicy(budget: 2, base: .milliseconds(10)))]) {
            try await bridge.backlog == 0
        }
        #expect(try await bridge.deaths.count == 1)
        #expect(try await bridge.count("SELECT count(*) FROM messages") == 19)
        #expect(try await bridge.count("SELECT count(*) FROM contacts") == 19)
    }

    @Test(.database, .timeLimit(.minutes(5))) func `an edit that overtook its message waits aside and is applied once it came`()
        async throws
    {
        let bridge = try await Bridge()
        try await bridge.receive([.edit(InboundEdit(externalID: "a", revision: "1", text: "changed"))])
        try await bridge.work(with: [bridge.worker()]) {
            let waiting = try await bridge.pool.query(in: .all, "SELECT payload FROM jobs WHERE waiting")
            guard let job = waiting.first else { return false }
            return try InboxPayload(bytes: job.value("payload")).deferrals == 1
        }
        try await bridge.receive([Bridge.text("a")])
        _ = try await bridge.pool.query(in: .all, "UPDATE jobs SET run_at = now()")
        try await bridge.work(with: [bridge.worker()]) { try await bridge.backlog == 0 }
        #expect(try await bridge.texts("SELECT text FROM message_revisions") == ["changed"])
    }

    @Test(.database, .timeLimit(.minutes(5))) func `of edits that overtook one another the later one counts (I8)`() async throws {
        let bridge = try await Bridge()
        func edit(_ revision: String, _ seconds: Double) -> InboundEvent {
            .edit(InboundEdit(externalID: "a", revision: revision, text: revision, at: Date(timeIntervalSince1970: seconds)))
        }
        try await bridge.receive([Bridge.text("a"), edit("second", 1_772_442_002), edit("first", 1_772_442_001)])
        try await bridge.work(with: [bridge.worker()]) { try await bridge.backlog == 0 }
        let rows = try await bridge.pool.query(in: .all, MessageStore.select(from: "SELECT * FROM messages", order: "m.id"))
        #expect(try MessageRecord(rows[0]).body["text"]?["text"] == "second")
    }

    @Test(.database, .timeLimit(.minutes(5))) func `a receipt for a message nobody sent is kept until its message comes`() async throws {
        let bridge = try await Bridge()
        try await bridge.receive([.receipt(Receipt(externalID: "SM1", status: .delivered))])
        try await bridge.work(with: [bridge.worker()]) { try await bridge.backlog == 0 }
        #expect(try await bridge.texts("SELECT external_id || ' ' || status AS text FROM receipts_unmatched") == ["SM1 delivered"])
    }
}

@Suite struct InboxPayloadTests {
    @Test func `one request becomes a job for each conversation, its events in order`() throws {
        let channel = ChannelID.make()
        let events = [
            Bridge.text("a", thread: "T1"), Bridge.text("b", thread: "T2"), Bridge.text("c"),
            .edit(InboundEdit(externalID: "a", revision: "1", text: "", thread: "T1")), .receipt(Receipt(externalID: "SM1", status: .sent)),
        ]
        let jobs = InboxPayload.jobs(for: events, of: channel, in: .make(), request: UUID(), receivedAt: Bridge.start)
        let keys = ["thread:T1", "thread:T2", "sms:+15005550101", "message:SM1"]
        #expect(jobs.map(\.key) == keys.map { "\(channel)/\($0)" })
        let payloads = try jobs.map { try InboxPayload(bytes: $0.payload) }
        #expect(payloads.map(\.events) == [[events[0], events[3]], [events[1]], [events[2]], [events[4]]])
        #expect(payloads.allSatisfy { $0.receivedAt == Bridge.start && $0.channel == channel && $0.deferrals == nil })
    }
}

extension Bridge {
    /// As ingest writes what one request brought.
    func receive(_ events: [InboundEvent]) async throws {
        let jobs = InboxPayload.jobs(for: events, of: self.channel, in: self.workspace, request: nil, receivedAt: Date())
        _ = try await self.pool.pipeline(in: .all, JobDraft.insertion(jobs))
    }

    func worker(metrics: Metrics = Metrics(), retryPolicy: RetryPolicy = RetryPolicy()) -> QueueWorker {
        QueueWorker(
            queue: .inbox,
            shape: .sets(limit: 200, concurrent: 2),
            handler: Threader(pool: self.pool, metrics: metrics),
            pool: self.pool,
            name: "test",
            retryPolicy: retryPolicy,
            pace: QueueWorker.Pace(lease: .seconds(3), heartbeat: .milliseconds(100), poll: .milliseconds(50), grace: .seconds(2)),
            logger: TestDatabase.logger
        )
    }

    /// Runs the workers until `isEnough`, then asks them to stop, and waits until they did. A vain wait ends by the test's time limit.
    func work(with workers: [QueueWorker], until isEnough: @Sendable () async throws -> Bool) async throws {
        try await withThrowingTaskGroup(of: Void.self) { group in
            for worker in workers { group.addTask { await worker.run() } }
            while try await !isEnough() { await Task.yield() }
            group.cancelAll()
            try await group.waitForAll()
        }
    }

    /// Jobs not done, over all workspaces.
    var backlog: Int {
        get async throws { try await self.pool.query(in: .all, "SELECT count(*) FROM jobs WHERE queue = 'inbox'")[0].value("count") }
    }
    var deaths: [String] {
        get async throws { try await self.texts("SELECT reason AS text FROM dead_letters ORDER BY reason") }
    }
}
