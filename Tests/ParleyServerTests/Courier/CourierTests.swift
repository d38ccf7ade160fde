import Foundation
import Parley
import ParleyServer
import Postgres
import Queue
import Synchronization
import TestSupport
import Testing

@Suite struct CourierTests {
    @Test(.database) func `hands a message to the provider and keeps its id`() async throws {
        let provider = try Peer.friendly()
        let bench = try await CourierBench(provider)
        let posted = try await bench.post("hello")
        #expect(try await bench.step() == [.done])
        let seen = try await bench.see(posted)
        #expect(seen == .init(state: "accepted", possibleDuplicate: false, attempts: ["accepted"], parts: ["accepted"]))
        #expect(provider.requests.map { $0.json["to"]?.string } == ["+447700900123"])
        #expect(try await bench.jobs().isEmpty)
        #expect(try await bench.events(of: "message.updated") == 1)
        try await bench.expectInvariants()
    }

    @Test(.database) func `commits the try before its first byte leaves`() async throws {
        let pool = TestDatabase.current.pool
        let marks = Noted()
        let provider = try Peer.provider { request, line in
            let waiting = DispatchSemaphore(value: 0)
            Task {
                let rows = try? await pool.query(in: .all, "SELECT count(*) AS n FROM attempts WHERE outcome IS NULL AND ended_at IS NULL")
                let count = try? rows?.first?.value("n", as: Int.self)
                marks.note(count ?? -1)
                waiting.signal()
            }
            waiting.wait()
            line.accept(request)
        }
        let bench = try await CourierBench(provider)
        try await bench.post("hello")
        try await bench.step()
        #expect(marks.all == [1])
    }

    @Test(
        .database,
        arguments: [
            ("1", 1), ("3600", 3_600), ("1e99", 3_600), ("0", 1),
        ] as [(String, Int)]
    )
    func `waits as long as a throttling provider asks, within bounds, and counts no failure`(header: String, seconds: Int) async throws {
        let provider = try Peer.provider { _, line in line.answer("429 Too Many Requests", headers: ["Retry-After: \(header)"]) }
        let bench = try await CourierBench(provider)
        let posted = try await bench.post("hello")
        #expect(try await bench.step() == [.later(.seconds(seconds))])
        let seen = try await bench.see(posted)
        #expect(
            seen
                == .init(
                    state: "sending",
                    reason: "throttled",
                    detail: "throttled",
                    possibleDuplicate: false,
                    attempts: ["throttled"],
                    parts: []
                )
        )
    }

    @Test(.database, arguments: ["-1", "junk", "Fri, 99 Foo 2026", "nan"])
    func `keeps to its own schedule when Retry-After is junk`(header: String) async throws {
        let provider = try Peer.provider { _, line in line.answer("429 Too Many Requests", headers: ["Retry-After: \(header)"]) }
        let bench = try await CourierBench(provider)
        try await bench.post("hello")
        guard case .later(let wait) = try await bench.step().first else { return #expect(Bool(false), "not told to wait") }
        #expect(wait >= .seconds(1) && wait <= .seconds(4))
    }

    @Test(.database) func `opens the breaker within twenty failures, probes, and drains in order`() async throws {
        let isDown = Mutex(true)
        let provider = try Peer.provider { request, line in
            if isDown.withLock({ $0 }) { line.answer("500 Internal Server Error") } else { line.accept(request) }
        }
        let bench = try await CourierBench(provider)
        for index in 0..<30 { try await bench.post("first", to: "+4477009001\(index + 10)") }
        for index in 0..<30 { try await bench.post("second", to: "+4477009001\(index + 10)") }
        for _ in 0..<5 { try await bench.step() }
        #expect(provider.requests.count <= 20 && provider.requests.count >= 5)

        let before = provider.requests.count
        try await bench.letBreakerHalfOpen()
        try await bench.step()
        #expect(provider.requests.count == before + 1, "one probe")

        isDown.withLock { $0 = false }
        try await bench.letBreakerHalfOpen()
        var rounds = 0
        while try await !bench.jobs().isEmpty, rounds < 20 {
            try await bench.step()
            rounds += 1
        }
        #expect(try await bench.jobs().isEmpty)
        for index in 0..<30 {
            let texts = provider.requests.filter { $0.json["to"]?.string == "+4477009001\(index + 10)" }.compactMap(\.text)
            #expect(texts.last == "second" && texts.dropLast().allSatisfy { $0 == "first" })
        }
        try await bench.expectInvariants()
    }

    @Test(.database) func `retries what surely did not leave`() async throws {
        let provider = try Peer.friendly()
        let bench = try await CourierBench(provider)
        provider.close()
        let posted = try await bench.post("hello")
        guard case .retry(.some, "unreachable") = try await bench.step().first else { return #expect(Bool(false), "not retried") }
        #expect(try await bench.see(posted).attempts == ["retry"])
    }

    @Test(
        .database,
        arguments: [
            ("contact_stopped", "contact_stopped"), ("invalid_recipient", "invalid_recipient"), ("credentials", "credentials"),
            ("???", "rejected"),
        ]
    )
    func `ends what the provider refuses`(refused: String, reason: String) async throws {
        let provider = try Peer.provider { _, line in line.answer("400 Bad Request", body: (["refused": .string(refused)] as JSON).text) }
        let bench = try await CourierBench(provider)
        let posted = try await bench.post("hello")
        #expect(try await bench.step() == [.dead(reason: reason)])
        #expect(try await bench.see(posted).state == "failed")
        #expect(try await bench.see(posted).reason == reason)
        #expect(try await bench.events(of: "message.failed") == 1)

        // Who asked for silence gets it; an account whose key is refused is shown, once.
        try await bench.post("again")
        try await bench.step()
        #expect(provider.requests.count == (refused == "contact_stopped" ? 1 : 2))
        #expect(try await bench.events(of: "channel.degraded") == (refused == "credentials" ? 1 : 0))
        try await bench.expectInvariants()
    }

    @Test(.database) func `sends anew, as another delivery, what a person retries after it failed`() async throws {
        let isRefusing = Mutex(true)
        let provider = try Peer.provider { request, line in
            if isRefusing.withLock({ $0 }), request.text?.contains("second") == true {
                line.answer("400 Bad Request")
            } else {
                line.accept(request)
            }
        }
        let bench = try await CourierBench(provider)
        let posted = try await bench.post("the first part here and the second one")
        try await bench.step()
        #expect(try await bench.step() == [.dead(reason: "rejected")])
        isRefusing.withLock { $0 = false }
        let payload = OutboxPayload(
            workspace: bench.workspace,
            message: posted.id,
            delivery: posted.delivery,
            conversation: posted.conversation,
            channel: posted.channel
        )
        _ = try await bench.pool.pipeline(in: .all, JobDraft.insertion([payload.job()]))
        while try await !bench.jobs().isEmpty { try await bench.step() }
        #expect(try await bench.see(posted).state == "failed")
        let states = try await bench.pool.query(in: .all, "SELECT state FROM deliveries WHERE message_id = \(posted.id.uuid) ORDER BY id")
        #expect(try states.map { try $0.value("state", as: String.self) } == ["failed", "accepted"])
        let parts = Segmentation.split("the first part here and the second one", encoding: .unicode, limit: 20)
        #expect(provider.texts == [parts[0], parts[1], parts[1]])
        try await bench.expectInvariants()
    }

    @Test(.database, .timeLimit(.minutes(1))) func `renders a message only when it has its place`() async throws {
        let provider = try Peer { line in
            line.request()
            line.drain()
        }
        let bench = try await CourierBench(provider)
        let courier = bench.narrowCourier(concurrency: 1)
        let context = try await bench.context(as: bench.worker)
        try await bench.post("hangs")
        let first = try #require(try await bench.jobs().first)
        let hanging = Task { try await courier.handle([first], in: context) }
        try await eventually { provider.requests.count == 1 }

        try await bench.post("unrenderable", to: "+447700900124")
        let job = try #require(try await bench.jobs().first { $0.id != first.id })
        let verdict = try await courier.handle([job], in: context).verdicts[job.id]
        #expect(verdict.map { if case .later = $0 { true } else { false } } == true)
        hanging.cancel()
        _ = try await hanging.value
    }

    @Test(.database, arguments: [(100, 100, true), (100, 101, false), (1_000, 5_000, true)])
    func `sends a message when its files have room beside the others`(room: Int, size: Int64, leaves: Bool) async throws {
        let bench = try await CourierBench(try Peer.friendly())
        try await bench.post("see", [Media(url: "/v1/attachments/1", size: size, attachment: AttachmentID.make())])
        let verdicts = try await bench.step(bench.narrowCourier(fileMemory: room))
        #expect((verdicts == [.done]) == leaves)
    }

    @Test(.database) func `ends what was posted at the moment its channel was deleted (I3)`() async throws {
        let bench = try await CourierBench(try Peer.friendly())
        try await bench.post("hello")
        _ = try await bench.pool.query(in: .all, "DELETE FROM channels WHERE id = \(bench.channel.uuid)")
        #expect(try await bench.step() == [.dead(reason: "delivery_gone")])
        let row = try #require(try await bench.pool.query(in: .all, "SELECT state, reason FROM deliveries").first)
        #expect(try (row.value("state", as: String.self), row.value("reason", as: String.self)) == ("failed", "abandoned"))
    }

    @Test(.database) func `gives up on what its adapter cannot render, after a while`() async throws {
        let bench = try await CourierBench(try Peer.friendly())
        let posted = try await bench.post("unrenderable")
        var verdicts: [Verdict] = []
        while verdicts.count < 20, try await !bench.jobs().isEmpty { verdicts += try await bench.step() }
        #expect(verdicts.count == 8 && verdicts.last == .dead(reason: "adapter_failed"))
        #expect(
            try await bench.see(posted)
                == .init(
                    state: "failed",
                    reason: "adapter_failed",
                    detail: "budget_exceeded",
                    possibleDuplicate: false,
                    attempts: [],
                    parts: []
                )
        )
    }
}

/// What another thread saw.
private final class Noted: Sendable {
    private let numbers = Mutex<[Int]>([])
    func note(_ number: Int) { self.numbers.withLock { $0.append(number) } }
    var all: [Int] { self.numbers.withLock { $0 } }
}

extension CourierBench {
    /// As if the breaker's time were over.
    func letBreakerHalfOpen() async throws {
        _ = try await self.pool.query(in: .all, "UPDATE breakers SET open_until = now() - interval '1 second' WHERE open_until IS NOT NULL")
    }
}
