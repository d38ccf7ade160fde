import Foundation
import Parley
import ParleyServer
import Postgres
import Queue
import Synchronization
import TestSupport
import Testing

@Suite struct AmbiguityTests {
    @Test(.database, arguments: ["<html>oops</html>", #"{"id": "#, #"{"id": 7}"#, "[1e999]", "{\"id\": \"\u{0}\"}x", "\u{1b}$B"])
    func `holds a message whose answer is garbage, whatever the garbage`(body: String) async throws {
        let provider = try Peer.provider { _, line in line.answer("201 Created", body: body) }
        let bench = try await CourierBench(provider)
        let posted = try await bench.post("hello")
        #expect(try await bench.step() == [.hold(reason: "outcome_unknown")])
        let seen = try await bench.see(posted)
        #expect(
            seen
                == .init(
                    state: "held",
                    reason: "outcome_unknown",
                    detail: "provider_bad_response",
                    possibleDuplicate: false,
                    attempts: ["unknown"],
                    parts: []
                )
        )
        #expect(try await bench.events(of: "message.held") == 1)
        try await bench.expectInvariants()
    }

    @Test(.database) func `a delivery whose job was set aside has failed, and a retry of it is flagged (I3, F35)`() async throws {
        let provider = try Peer.provider { request, line in line.accept(request) }
        let bench = try await CourierBench(provider)
        let posted = try await bench.post("hello")
        try await bench.step(loseOutcome: true)
        let job = try #require(try await bench.jobs().first)
        _ = try await bench.pool.pipeline(in: .all, bench.courier.abandon(job))
        let seen = try await bench.see(posted)
        #expect(seen == .init(state: "failed", reason: "abandoned", possibleDuplicate: false, attempts: ["unknown"], parts: []))
        #expect(try await bench.events(of: "message.failed") == 1)
        // As a retry of its dead letter would.
        #expect(try await bench.step() == [.done])
        let renewed = try await bench.pool.query(in: .all, "SELECT possible_duplicate FROM deliveries WHERE state = 'queued'")
        let isFlagged: Bool = try #require(renewed.first).value("possible_duplicate")
        #expect(isFlagged)
    }

    @Test(.database) func `holds a message when the line breaks after the request, and flags it when a person lets it go`() async throws {
        let attempts = Mutex(0)
        let provider = try Peer.provider { request, line in
            let isFirst = attempts.withLock { count in
                count += 1
                return count == 1
            }
            if isFirst { line.reset() } else { line.accept(request) }
        }
        let bench = try await CourierBench(provider)
        let posted = try await bench.post("hello")
        let next = try await bench.post("next")
        #expect(try await bench.step() == [.hold(reason: "outcome_unknown")])
        #expect(try await bench.see(posted).state == "held")
        try await bench.release()
        #expect(try await bench.step() == [.done])
        #expect(
            try await bench.see(posted)
                == .init(
                    state: "accepted",
                    possibleDuplicate: true,
                    attempts: ["unknown", "accepted"],
                    parts: ["accepted"]
                )
        )
        #expect(try await bench.step() == [.done])
        #expect(try await !bench.see(next).possibleDuplicate)
        #expect(provider.texts == ["hello", "hello", "next"])
        try await bench.expectInvariants()
    }

    @Test(.database) func `resends at once where the channel says so, flagged, three times at most`() async throws {
        let provider = try Peer.provider { _, line in line.reset() }
        let bench = try await CourierBench(provider, policy: #"{"unknown": "retry"}"#)
        let posted = try await bench.post("hello")
        for _ in 0..<3 {
            guard case .retry(.some, "outcome_unknown") = try await bench.step().first else { return #expect(Bool(false), "not retried") }
        }
        #expect(try await bench.step() == [.hold(reason: "outcome_unknown")])
        #expect(try await bench.see(posted).possibleDuplicate)
        #expect(provider.requests.count == 4)
        try await bench.expectInvariants()
    }

    @Test(.database) func `finds the mark of a worker that died, and does not resend in silence`() async throws {
        let provider = try Peer.friendly()
        let bench = try await CourierBench(provider)
        let posted = try await bench.post("hello")
        try await bench.step(loseOutcome: true)
        let heir = UUID()
        try await bench.takeLanes(as: heir)
        #expect(try await bench.step(bench.anotherCourier(), as: heir) == [.hold(reason: "outcome_unknown")])
        #expect(try await bench.see(posted).state == "held")
        #expect(provider.requests.count == 1)
        try await bench.expectInvariants()
    }

    @Test(.database) func `remembers the outcome of its own try when only the commit was lost`() async throws {
        let provider = try Peer.friendly()
        let bench = try await CourierBench(provider)
        let posted = try await bench.post("hello")
        try await bench.step(loseOutcome: true)
        try await bench.step()
        #expect(try await bench.step() == [.done])
        #expect(
            try await bench.see(posted)
                == .init(
                    state: "accepted",
                    possibleDuplicate: false,
                    attempts: ["accepted"],
                    parts: ["accepted"]
                )
        )
        #expect(provider.requests.count == 1)
    }

    @Test(.database) func `lets a worker that lost its lane neither begin nor record a try`() async throws {
        let provider = try Peer.friendly()
        let bench = try await CourierBench(provider)
        let posted = try await bench.post("hello")
        let late = try await bench.context(as: bench.worker)
        let job = try #require(try await bench.jobs().first)
        try await bench.takeLanes(as: UUID())
        await #expect(throws: PostgresError.self) { try await bench.courier.handle([job], in: late) }
        #expect(provider.requests.isEmpty)
        #expect(try await bench.see(posted).attempts.isEmpty)
    }

    @Test(.database) func `resumes at the first part that has not left`() async throws {
        let provider = try Peer.friendly()
        let bench = try await CourierBench(provider)
        let posted = try await bench.post("the first part here and the second one and a third")
        #expect(try await bench.step() == [.later(.zero)])
        #expect(try await bench.see(posted).parts == ["accepted"])

        // The next worker dies with the second part on its way.
        try await bench.step(loseOutcome: true)
        let heir = UUID()
        try await bench.takeLanes(as: heir)
        let courier = bench.anotherCourier()
        #expect(try await bench.step(courier, as: heir) == [.hold(reason: "outcome_unknown")])
        try await bench.release()
        while try await !bench.jobs().isEmpty { try await bench.step(courier, as: heir) }
        let parts = Segmentation.split("the first part here and the second one and a third", encoding: .unicode, limit: 20)
        #expect(parts.count == 3)
        #expect(provider.texts == [parts[0], parts[1], parts[1], parts[2]])
        #expect(
            try await bench.see(posted)
                == .init(
                    state: "accepted",
                    possibleDuplicate: true,
                    attempts: ["accepted", "unknown", "accepted", "accepted"],
                    parts: ["accepted", "accepted", "accepted"]
                )
        )
        try await bench.expectInvariants()
    }

    @Test(.database) func `begins nothing when asked to stop`() async throws {
        let provider = try Peer.friendly()
        let bench = try await CourierBench(provider)
        try await bench.post("hello")
        #expect(try await bench.step(stopping: true) == [.later(.zero)])
        #expect(provider.requests.isEmpty)
    }
}

extension CourierBench {
    func release() async throws {
        _ = try await self.pool.query(in: .all, "UPDATE jobs SET held = false, waiting = false WHERE queue = 'outbox'")
    }
}
