import Parley
import ParleyServer
import Postgres
import Queue
import TestSupport
import Testing

@Suite struct ReceiptTests {
    @Test(.database) func `raises a delivery and never lowers it, twice or late`() async throws {
        let provider = try Peer.friendly()
        let bench = try await CourierBench(provider)
        let posted = try await bench.post("hello")
        try await bench.step()
        let id = try #require(provider.requests.first?.externalID)
        for (status, state) in [(ReceiptStatus.delivered, "delivered"), (.sent, "delivered"), (.delivered, "delivered"), (.read, "read")] {
            try await bench.receive([Receipt(externalID: id, status: status)])
            #expect(try await bench.see(posted).state == state)
        }
        #expect(try await bench.events(of: "message.updated") == 3, "accepted, delivered, read")
        #expect(try await bench.unmatched() == 0)
    }

    @Test(.database) func `keeps a provider's failure with its code, and nothing takes it back`() async throws {
        let provider = try Peer.friendly()
        let bench = try await CourierBench(provider)
        let posted = try await bench.post("hello")
        try await bench.step()
        let id = try #require(provider.requests.first?.externalID)
        try await bench.receive([Receipt(externalID: id, status: .sent), Receipt(externalID: id, status: .failed, code: "30003")])
        try await bench.receive([Receipt(externalID: id, status: .delivered)])
        let seen = try await bench.see(posted)
        #expect(seen.state == "failed" && seen.reason == "undelivered" && seen.detail == "30003")
        #expect(try await bench.events(of: "message.failed") == 1)
    }

    @Test(.database) func `F25: ends the same whatever order contradicting receipts come in, each of them twice`() async throws {
        let provider = try Peer.friendly()
        let bench = try await CourierBench(provider)
        let orders = Self.orders(of: [.sent, .delivered, .cancelled, .failed])
        var posted: [OutboundStore.Posted] = []
        for person in orders.indices { posted.append(try await bench.post("hello", to: "+4477009001\(person + 10)")) }
        try await bench.step()
        for (message, order) in zip(posted, orders) {
            for status in order + order { try await bench.receive([Receipt(externalID: "ID-\(message.delivery)-hello", status: status)]) }
            let seen = try await bench.see(message)
            #expect(seen.state == "failed" && seen.reason == "undelivered", "\(order)")
        }
    }

    private static func orders(of statuses: [ReceiptStatus]) -> [[ReceiptStatus]] {
        guard statuses.count > 1 else { return [statuses] }
        return statuses.indices.flatMap { index in
            var rest = statuses
            let first = rest.remove(at: index)
            return Self.orders(of: rest).map { [first] + $0 }
        }
    }

    @Test(.database) func `waits for its message when it is faster than our commit`() async throws {
        let provider = try Peer.friendly()
        let bench = try await CourierBench(provider)
        let posted = try await bench.post("hello")
        let id = "ID-\(posted.delivery)-hello"
        try await bench.receive([Receipt(externalID: id, status: .delivered), Receipt(externalID: id, status: .sent)])
        #expect(try await bench.unmatched() == 2)
        try await bench.step()
        #expect(try await bench.see(posted).state == "delivered")
        #expect(try await bench.unmatched() == 0)
    }

    @Test(.database) func `counts the slowest of several parts`() async throws {
        let provider = try Peer.friendly()
        let bench = try await CourierBench(provider)
        let posted = try await bench.post("the first part here and a second")
        try await bench.step()
        let first = try #require(provider.requests.first?.externalID)
        try await bench.receive([Receipt(externalID: first, status: .delivered)])
        #expect(try await bench.see(posted).state == "sending", "a part still has to leave")
        try await bench.step()
        #expect(try await bench.see(posted).state == "accepted")
        let second = try #require(provider.requests.last?.externalID)
        try await bench.receive([Receipt(externalID: second, status: .sent)])
        #expect(try await bench.see(posted).state == "sent")
        try await bench.receive([Receipt(externalID: second, status: .failed, code: "30005")])
        #expect(try await bench.see(posted).state == "failed")
    }

    @Test(.database) func `knows a message only in its own channel`() async throws {
        let provider = try Peer.friendly()
        let bench = try await CourierBench(provider)
        let posted = try await bench.post("hello")
        try await bench.step()
        let id = try #require(provider.requests.first?.externalID)
        try await bench.receive([Receipt(externalID: id, status: .delivered)], over: .make())
        #expect(try await bench.see(posted).state == "accepted")
        #expect(try await bench.unmatched() == 1)
    }

    @Test(.database) func `keeps one of two messages that a provider gave the same id`() async throws {
        let provider = try Peer.provider { _, line in line.answer("201 Created", body: #"{"id": "always"}"#) }
        let bench = try await CourierBench(provider)
        let first = try await bench.post("one")
        let second = try await bench.post("two", to: "+447700900124")
        try await bench.step()
        #expect(try await bench.see(first).state == "accepted")
        #expect(try await bench.see(second).state == "accepted")
        #expect(try await bench.jobs().isEmpty)
    }
}

extension CourierBench {
    func unmatched() async throws -> Int {
        try await self.pool.query(in: .all, "SELECT count(*) AS n FROM receipts_unmatched")[0].value("n")
    }
}
