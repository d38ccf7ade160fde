import Foundation
import Parley
import ParleyServer
import Postgres
import Queue
import TestSupport
import Testing

@Suite struct SendGateTests {
    @Test(.database) func `shares a channel's budget over the fleet`() async throws {
        let provider = try Peer.friendly()
        let bench = try await CourierBench(provider, limits: SendLimits(perSecond: 0.01, perRecipientSeconds: 0))
        let other = bench.anotherCourier()
        let start = ContinuousClock.now
        for index in 0..<6 { try await bench.post("hello", to: "+44770090012\(index)") }
        let verdicts = try await bench.step() + bench.step(other)
        #expect(provider.requests.count == 1)
        #expect(verdicts.count { $0 == .done } == 1)
        // Each of the others is told a time of its own, a gap apart, so that they do not all come back at once.
        let waits = verdicts.compactMap { if case .later(let wait) = $0 { wait } else { nil } }
        #expect(waits.allSatisfy { $0 + (.now - start) > .seconds(90) })
    }

    @Test(.database) func `sends to one recipient no faster than allowed, and to others meanwhile`() async throws {
        let provider = try Peer.friendly()
        let bench = try await CourierBench(provider, limits: SendLimits(perSecond: 0, perRecipientSeconds: 100))
        let start = ContinuousClock.now
        try await bench.post("one")
        try await bench.post("two")
        try await bench.post("three", to: "+447700900124")
        try await bench.step()
        #expect(Set(provider.texts) == ["one", "three"])
        guard case .later(let wait) = try await bench.step(bench.anotherCourier()).first else {
            return #expect(Bool(false), "not told to wait")
        }
        #expect(wait + (.now - start) > .seconds(90) && wait <= .seconds(100))
        #expect(provider.requests.count == 2)
    }

    @Test(.database) func `goes by what the operator knows of the account`() async throws {
        let provider = try Peer.friendly()
        let policy = #"{"perSecond": 100000, "perRecipientSeconds": 0}"#
        let bench = try await CourierBench(provider, policy: policy, limits: SendLimits(perSecond: 0.01, perRecipientSeconds: 100))
        for _ in 0..<3 { try await bench.post("hello") }
        while try await !bench.jobs().isEmpty { #expect(try await bench.step() == [.done]) }
        #expect(provider.requests.count == 3)
    }

    @Test(.database) func `keeps the whole channel waiting when its provider throttles, and no other`() async throws {
        let provider = try Peer.provider { _, line in line.answer("429 Too Many Requests", headers: ["Retry-After: 100"]) }
        let bench = try await CourierBench(provider, limits: SendLimits(perSecond: 1_000, perRecipientSeconds: 0))
        let friendly = try Peer.friendly()
        let neighbour = try await CourierBench(friendly, limits: SendLimits(perSecond: 1_000, perRecipientSeconds: 0))
        try await bench.post("one")
        try await bench.step(as: neighbour.worker)
        try await bench.post("two", to: "+447700900124")
        try await neighbour.post("three")
        try await bench.step(as: neighbour.worker)
        try await neighbour.step()
        #expect(provider.requests.count == 1)
        #expect(friendly.texts == ["three"])
    }
}
