import Parley
import ParleyServer
import Postgres
import Queue
import Synchronization
import TestSupport
import Testing

@Suite struct DeliveryActsTests {
    private func hold() async throws -> (CourierBench, OutboundStore.Posted) {
        let provider = try Peer { line in
            if let request = line.request(), request.text == "lost" {
                return line.reset()
            } else {
                line.answer("201 Created", body: #"{"id": "1"}"#)
            }
        }
        let bench = try await CourierBench(provider)
        let posted = try await bench.post("lost")
        #expect(try await bench.step() == [.hold(reason: "outcome_unknown")])
        return (bench, posted)
    }

    @Test(.database) func `lists what waits for a person, and lets it go`() async throws {
        let (bench, posted) = try await self.hold()
        let stuck = try await bench.act { try await DeliveryActs.stuck(in: bench.workspace, on: $0) }
        #expect(stuck.map(\.delivery) == [posted.delivery] && stuck.map(\.reason) == ["outcome_unknown"])
        #expect(try await bench.act { try await DeliveryActs.stuck(in: bench.workspace, after: posted.delivery, on: $0) }.isEmpty)
        #expect(try await bench.jobs().isEmpty)
        try await bench.act { try await DeliveryActs.release(posted.delivery, in: bench.workspace, on: $0) }
        #expect(try await bench.step() == [.hold(reason: "outcome_unknown")])
        #expect(try await bench.see(posted).possibleDuplicate)
    }

    @Test(.database) func `calls off a held delivery, and what follows it goes`() async throws {
        let (bench, posted) = try await self.hold()
        let next = try await bench.post("next")
        try await bench.act { try await DeliveryActs.cancel(posted.delivery, in: bench.workspace, on: $0) }
        while try await !bench.jobs().isEmpty { try await bench.step() }
        #expect(try await bench.see(posted).state == "cancelled")
        #expect(try await bench.see(next).state == "accepted")
        await #expect(throws: DeliveryActs.Refusal.alreadyOver) {
            try await bench.act { try await DeliveryActs.cancel(posted.delivery, in: bench.workspace, on: $0) }
        }
        await #expect(throws: DeliveryActs.Refusal.notFound) {
            try await bench.act { try await DeliveryActs.cancel(posted.delivery, in: .make(), on: $0) }
        }
        try await bench.expectInvariants()
    }

    @Test(.database) func `refuses to call off what a courier marks at the same moment`() async throws {
        let provider = try Peer.friendly()
        let bench = try await CourierBench(provider)
        let posted = try await bench.post("hello")
        let calls = Mutex<[Task<Void, any Error>]>([])
        let context = JobContext(worker: bench.worker, epochs: try await bench.context(as: bench.worker).epochs) {
            statements throws(PostgresError) in
            do {
                try await bench.pool.transaction(in: .all) { transaction in
                    _ = try await transaction.pipeline(statements)
                    calls.withLock {
                        $0.append(
                            Task { try await bench.act { try await DeliveryActs.cancel(posted.delivery, in: bench.workspace, on: $0) } }
                        )
                    }
                    while try await bench.waitingSessions() == 0 { await Task.yield() }
                }
            } catch { throw error as? PostgresError ?? PostgresError(.badValue, "\(error)") }
        }
        let job = try #require(try await bench.jobs().first)
        let handled = try await bench.courier.handle([job], in: context)
        _ = try await bench.pool.pipeline(in: .all, handled.statements)
        let call = try #require(calls.withLock { $0.first })
        // Under way, or over by the time it looks.
        await #expect(throws: DeliveryActs.Refusal.self) { try await call.value }
        #expect(provider.requests.count == 1)
        #expect(try await bench.see(posted).state == "accepted")
    }

    @Test(.database) func `keeps a courier that read it before from sending what was called off`() async throws {
        let provider = try Peer.friendly()
        let bench = try await CourierBench(provider)
        let posted = try await bench.post("hello")
        let context = try await bench.context(as: bench.worker)
        let interrupted = JobContext(worker: bench.worker, epochs: context.epochs) { statements throws(PostgresError) in
            // Between the courier's look and its mark.
            do { try await bench.act { try await DeliveryActs.cancel(posted.delivery, in: bench.workspace, on: $0) } } catch {
                throw error as? PostgresError ?? PostgresError(.badValue, "\(error)")
            }
            try await context.commit(statements)
        }
        let job = try #require(try await bench.jobs().first)
        let handled = try await bench.courier.handle([job], in: interrupted)
        #expect(handled.verdicts[job.id].map { if case .retry(_, "database_23505") = $0 { true } else { false } } == true)
        #expect(provider.requests.isEmpty)
        #expect(try await bench.step() == [.done])
        #expect(try await bench.see(posted).state == "cancelled")
    }
}
