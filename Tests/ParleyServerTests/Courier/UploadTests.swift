import Foundation
import Parley
import ParleyServer
import Postgres
import Queue
import TestSupport
import Testing

/// Requests that come before a message, such as the upload of its files.
@Suite struct UploadTests {
    @Test(.database) func `a message leaves when its uploads are done, and knows what they yielded`() async throws {
        let provider = try Peer.friendly()
        let bench = try await CourierBench(provider, uploads: 2)
        let posted = try await bench.post("hello")
        for _ in 0..<2 { #expect(try await bench.step() == [.later(.zero)]) }
        #expect(try await bench.step() == [.done])
        #expect(provider.texts == ["upload 1", "upload 2", "hello"])
        #expect(provider.requests.last?.json["uploaded"] == ["U-upload 1", "U-upload 2"])
        #expect(try await bench.see(posted).attempts == ["accepted", "accepted", "accepted"])
        // Receipts speak of the message alone.
        let id = try #require(provider.requests.last?.externalID)
        try await bench.receive([Receipt(externalID: id, status: .delivered)])
        #expect(try await bench.see(posted).state == "delivered")
        try await bench.expectInvariants()
    }

    @Test(.database, arguments: ["reset", "500 Oops", "201 Created"])
    func `an upload whose outcome nobody knows is simply made again`(answer: String) async throws {
        let provider = try Peer.provider { request, line in
            let isFirst = line.index == 0
            if request.text != "upload 1" || !isFirst { return line.accept(request) }
            if answer == "reset" { line.reset() } else { line.answer(answer, headers: ["Connection: close"], body: "<html>") }
        }
        let bench = try await CourierBench(provider, uploads: 1)
        let posted = try await bench.post("hello")
        guard case .retry? = try await bench.step().first else { return #expect(Bool(false), "not tried again") }
        #expect(try await bench.step() == [.later(.zero)])
        #expect(try await bench.step() == [.done])
        let seen = try await bench.see(posted)
        #expect(seen.state == "accepted" && !seen.possibleDuplicate && seen.attempts == ["retry", "accepted", "accepted"])
        try await bench.expectInvariants()
    }

    @Test(.database) func `an upload that was under way when its worker died is made again, not held`() async throws {
        let provider = try Peer.friendly()
        let bench = try await CourierBench(provider, uploads: 1)
        let posted = try await bench.post("hello")
        try await bench.step(loseOutcome: true)
        let (heir, courier) = (UUID(), bench.anotherCourier())
        try await bench.takeLanes(as: heir)
        for _ in 0..<3 { try await bench.step(courier, as: heir) }
        #expect(provider.texts == ["upload 1", "upload 1", "hello"])
        let seen = try await bench.see(posted)
        #expect(seen.state == "accepted" && !seen.possibleDuplicate && seen.attempts == ["not_sent", "accepted", "accepted"])
        try await bench.expectInvariants()
    }

    @Test(.database) func `a message that was under way when its worker died is held, uploads or not`() async throws {
        let provider = try Peer.friendly()
        let bench = try await CourierBench(provider, uploads: 1)
        let posted = try await bench.post("hello")
        try await bench.step()
        try await bench.step(loseOutcome: true)
        let (heir, courier) = (UUID(), bench.anotherCourier())
        try await bench.takeLanes(as: heir)
        #expect(try await bench.step(courier, as: heir) == [.hold(reason: "outcome_unknown")])
        #expect(try await bench.see(posted).state == "held")
    }

    @Test(.database) func `an upload that is refused ends the message`() async throws {
        let provider = try Peer.provider { _, line in line.answer("400 Bad Request", body: #"{"refused": "content"}"#) }
        let bench = try await CourierBench(provider, uploads: 1)
        let posted = try await bench.post("hello")
        #expect(try await bench.step() == [.dead(reason: "content")])
        #expect(try await bench.see(posted).state == "failed")
    }
}
