import Channels
import Curl
import Foundation
import Parley
import Postgres
import TestSupport
import Testing

@testable import ParleyServer

@Suite(.database) struct PollerTests {
    @Test func `goes on where the last answer ended, as soon as what it brought is stored`() async throws {
        let bench = try await PollBench([
            .lines("m1 +15005550100 a\nm2 +15005550101 b", cursor: 7), .lines("m3 +15005550100 c", cursor: 8),
        ])
        await bench.round()
        #expect(try await bench.see() == .init(cursor: "7", failures: 0, error: nil, jobs: 2, requests: 1))
        #expect(await bench.claims().isEmpty)  // not due before its interval has passed
        try await bench.makeDue()
        await bench.round()
        #expect(try await bench.see() == .init(cursor: "8", failures: 0, error: nil, jobs: 3, requests: 2))
        #expect(bench.provider.cursors == [nil, 7])
    }

    @Test func `a report that changes nothing is kept, and passed`() async throws {
        let bench = try await PollBench([.lines("report", cursor: 7), .lines("ignored", cursor: 8)])
        await bench.round()
        #expect(try await bench.see() == .init(cursor: "7", failures: 0, error: nil, jobs: 0, requests: 1))
        try await bench.makeDue()
        await bench.round()
        #expect(try await bench.see() == .init(cursor: "8", failures: 0, error: nil, jobs: 0, requests: 1))
    }

    @Test func `asks at once for more while there is more`() async throws {
        let bench = try await PollBench([
            .lines("m1 +15005550100 a", cursor: 1, isMore: true), .lines("m2 +15005550100 b", cursor: 2, isMore: true),
        ])
        await bench.round()
        #expect(bench.provider.cursors == [nil, 1, 2])
        #expect(try await bench.see() == .init(cursor: "2", failures: 0, error: nil, jobs: 2, requests: 2))
    }

    @Test(arguments: [
        (ScriptedProvider.Answer.failure(.init(reason: "http_502", after: nil)), "http_502", 0),
        (.failure(.init(reason: "throttled", after: 3_000)), "throttled", 0),
        (.lines("garbage", cursor: 9), "quarantined", 1),
        (.lines(String(repeating: "m1 +15005550100 a\n", count: 101), cursor: 9), "too_many_events", 0),
    ])
    func `the cursor never moves past an error`(answer: ScriptedProvider.Answer, error: String, kept: Int) async throws {
        let bench = try await PollBench([
            .lines("m1 +15005550100 a", cursor: 7), answer, answer, .lines("m1 +15005550100 a\nm2 +15005550100 b", cursor: 9),
        ])
        await bench.round()
        for failures in 1...2 {
            try await bench.makeDue()
            await bench.round()
            // What cannot be read is kept for an operator, once however often it comes.
            #expect(try await bench.see() == .init(cursor: "7", failures: failures, error: error, jobs: 1, requests: 1 + kept))
        }
        let status = try #require(try await bench.status)
        #expect(status.error == error && status.failures == 2)
        #expect(try #require(status.nextAt) > .now)
        try await bench.makeDue()
        await bench.round()
        // What had come before the error is known by its id.
        #expect(try await bench.see() == .init(cursor: "9", failures: 0, error: nil, jobs: 2, requests: 2 + kept))
    }

    @Test func `a channel is asked by one process at a time`() async throws {
        let bench = try await PollBench([])
        let claims = await withTaskGroup(of: Int.self) { group in
            for _ in 0..<10 { group.addTask { await bench.claims().count } }
            return await group.reduce(0, +)
        }
        #expect(claims == 1)
    }

    @Test func `who lost a channel to another process stores nothing more of it`() async throws {
        let bench = try await PollBench([.lines("m1 +15005550100 a", cursor: 7), .lines("m9 +15005550100 z", cursor: 3)])
        let late = try #require(await bench.claims().first)
        try await bench.makeDue()  // as if its lease had ended
        await bench.round()
        await bench.poller.poll(late)
        #expect(try await bench.see() == .init(cursor: "7", failures: 0, error: nil, jobs: 1, requests: 1))
    }

    @Test func `stopping gives the channel back, as it was`() async throws {
        let bench = try await PollBench([.lines("m1 +15005550100 a", cursor: 7), .cancelled])
        await bench.round()
        try await bench.makeDue()
        await bench.round()
        #expect(await bench.claims().map(\.cursor) == [7])
    }

    @Test func `a channel whose settings say so is not asked until they change`() async throws {
        let bench = try await PollBench([])
        func set(_ isAsked: Bool) async throws {
            var record = bench.channel
            record.settings["asked"] = .bool(isAsked)
            let changed = record
            _ = try await bench.pool.transaction(in: .workspace(bench.workspace.uuid)) { try await bench.channels.update(changed, on: $0) }
        }
        try await set(false)
        await bench.round()
        #expect(bench.provider.cursors.isEmpty)
        #expect(try await bench.status?.nextAt == nil)
        #expect(await bench.claims().isEmpty)
        try await set(true)
        await bench.round()
        #expect(bench.provider.cursors == [nil])
    }

    @Test func `what was polled can be replayed, and no request from outside passes for it`() async throws {
        let adapters = try AdapterRegistry.load(from: "\(TestDatabase.migrations)/../Tests/ChannelsTests/Fixtures")
        let adapter = try #require(adapters[AdapterName(rawValue: "telegram-polling")!])
        let body =
            #"{"ok":true,"result":[{"update_id":1,"message":{"message_id":5,"date":1,"chat":{"id":4},"from":{"id":4},"text":"hi"}}]}"#
        let answer = ProviderAnswer(status: 200, headers: ["content-type": "application/json"], body: Array(body.utf8))
        let channel = ChannelContext(
            id: .make(),
            workspace: .make(),
            settings: ["bot_token": "t"],
            verification: .off,
            hookURL: "https://bridge.example/hooks/1"
        )
        let kept = try #require(ArchivedRequest.request(from: ArchivedRequest.bytes(of: HookRequest(polled: answer))))
        guard case .accepted(let events, _, _) = try await adapter.receive(kept, for: channel).reception else {
            throw CocoaError(.featureUnsupported)
        }
        #expect(events.count == 1)
        var forged = kept
        forged.url = "https://bridge.example/hooks/1"
        #expect(try await adapter.receive(forged, for: channel).reception == .notFound)
    }

    @Test func `asks a provider over HTTP and reads its answer`() async throws {
        let provider = try Peer.provider { request, line in
            request.head.contains("offset=7")
                ? line.answer("502 Bad Gateway") : line.answer(body: #"{"ok":true,"result":[{"update_id":6}]}"#)
        }
        defer { provider.close() }
        let adapters = try AdapterRegistry.load(from: "\(TestDatabase.migrations)/../Tests/ChannelsTests/Fixtures")
        let adapter = try #require(adapters[AdapterName(rawValue: "telegram-polling")!])
        let settings: [String: JSON] = ["bot_token": "t", "asked": true, "api_base": .string("http://127.0.0.1:\(provider.port)")]
        let channel = ChannelContext(id: .make(), workspace: .make(), settings: settings, verification: .off, hookURL: "https://x.example")
        let client = try HTTPClient(settings: .init(userAgent: "test", egress: EgressPolicy(allowing: "127.0.0.0/8")))
        let pickup = HTTPPickup(client: client)
        let first = try #require(try await adapter.poll(after: nil, for: channel))
        let got = try await pickup.pickUp(first, after: nil, through: adapter, for: channel)
        #expect(got.batches.map(\.cursor) == [7] && !got.isMore)
        let second = try #require(try await adapter.poll(after: 7, for: channel))
        await #expect(throws: PickupFailure(reason: "http_502", after: nil)) {
            try await pickup.pickUp(second, after: 7, through: adapter, for: channel)
        }
    }
}
