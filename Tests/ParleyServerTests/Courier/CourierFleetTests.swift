import Logging
import Parley
import ParleyServer
import Postgres
import Queue
import Synchronization
import TestSupport
import Testing

/// Couriers under real queue workers: what only shows with leases and processes coming and going.
@Suite struct CourierFleetTests {
    @Test(.database, .timeLimit(.minutes(5))) func `delivers everything once and in order, over two workers of which one leaves`()
        async throws
    {
        let provider = try Peer.friendly()
        let bench = try await CourierBench(provider)
        try await bench.freeLanes()
        for round in 0..<5 {
            for person in 10..<30 { try await bench.post("\(round)", to: "+4477009001\(person)") }
        }
        try await withThrowingTaskGroup(of: Void.self) { group in
            let staying = bench.queueWorker(bench.courier)
            let leaving = bench.queueWorker(bench.anotherCourier())
            group.addTask { await staying.run() }
            group.addTask { try await bench.run(leaving) { provider.requests.count >= 30 } }
            try await eventually(within: .seconds(240)) { try await bench.jobs().isEmpty }
            group.cancelAll()
            try await group.waitForAll()
        }
        #expect(provider.requests.count == 100)
        for person in 10..<30 {
            let texts = provider.requests.filter { $0.json["to"]?.string == "+4477009001\(person)" }.compactMap(\.text)
            #expect(texts == ["0", "1", "2", "3", "4"])
        }
        try await bench.expectInvariants()
    }

    @Test(.database, .timeLimit(.minutes(5))) func `ends within its grace when the provider hangs, and what hung is held`() async throws {
        let provider = try Peer { line in
            line.request()
            line.drain()
        }
        let bench = try await CourierBench(provider)
        try await bench.freeLanes()
        let posted = try await bench.post("hello")
        let start = ContinuousClock.now
        try await bench.run(bench.queueWorker(bench.courier)) { provider.requests.count == 1 }
        #expect(ContinuousClock.now - start < .seconds(5))

        // Whoever comes next finds it as unknown, and does not send it again.
        try await bench.run(bench.queueWorker(bench.anotherCourier())) { try await bench.see(posted).state == "held" }
        #expect(try await bench.see(posted).attempts == ["unknown"])
        #expect(provider.requests.count == 1)
        try await bench.expectInvariants()
    }

    @Test(.database, .timeLimit(.minutes(5))) func `delays no other channel while one provider hangs`() async throws {
        let hanging = try Peer { line in
            line.request()
            line.drain()
        }
        let friendly = try Peer.friendly()
        let stuck = try await CourierBench(hanging)
        let bench = try await CourierBench(friendly)
        for person in 100..<400 { try await stuck.post("never", to: "+447700900\(person)") }
        try await bench.freeLanes()
        let router = Router(couriers: [stuck.workspace: stuck.courier, bench.workspace: bench.courier])
        try await withThrowingTaskGroup(of: Void.self) { group in
            let worker = bench.queueWorker(router)
            group.addTask { await worker.run() }
            try await eventually(within: .seconds(240)) { hanging.requests.count >= 10 }
            for person in 100..<120 { try await bench.post("now", to: "+447700900\(person)") }
            try await eventually(within: .seconds(240)) { friendly.requests.count == 20 }
            group.cancelAll()
            try await group.waitForAll()
        }
        #expect(hanging.requests.count <= 16)
    }
}

/// One process for two benches, whose couriers speak with different providers. They share no places here, so each has half.
private struct Router: JobHandler {
    let couriers: [WorkspaceID: Courier]
    func handle(_ jobs: [Job], in context: JobContext) async throws -> Handled {
        try await self.couriers[WorkspaceID(jobs[0].workspace)]!.handle(jobs, in: context)
    }
}

extension CourierBench {
    func freeLanes() async throws {
        _ = try await self.pool.query(in: .all, "UPDATE lanes SET owner = NULL, expires_at = NULL WHERE queue = 'outbox'")
    }

    func queueWorker(_ handler: any JobHandler) -> QueueWorker {
        QueueWorker(
            queue: .outbox,
            shape: .keys(concurrent: Courier.concurrency),
            handler: handler,
            pool: self.pool,
            name: "test",
            retryPolicy: Courier.retryPolicy,
            pace: QueueWorker.Pace(lease: .seconds(3), heartbeat: .milliseconds(200), poll: .milliseconds(50), grace: .milliseconds(500)),
            logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
        )
    }

    /// Runs the worker until `isEnough`, then asks it to stop, and waits until it did.
    func run(_ worker: QueueWorker, until isEnough: @escaping @Sendable () async throws -> Bool) async throws {
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { await worker.run() }
            try await eventually(within: .seconds(240), isEnough)
            group.cancelAll()
            try await group.waitForAll()
        }
    }
}
