import Logging
import Parley
import TestSupport
import Testing

@testable import ParleyServer

@Suite(.database) struct WebchatHubTests {
    @Test(.timeLimit(.minutes(5))) func `a browser has ten streams of a channel at most, and another when one has ended`() async throws {
        try await WebchatFixture.run { shop in
            let hub = WebchatHub(
                feed: shop.feed,
                store: VisitorStore(pool: shop.pool, links: FileLinks(sealer: shop.channels.sealer, publicURL: "")),
                logger: Logger(label: "test")
            )
            let place = VisitorStore.Place(workspace: shop.workspace, channel: shop.channel.id, addresses: ["a"])
            var streams: [WebchatHub.Connection] = []
            for _ in 0..<10 { streams.append(try await hub.connect(place, device: "one")) }
            await #expect(throws: Problem.self) { try await hub.connect(place, device: "one") }
            streams.append(try await hub.connect(place, device: "two"))
            let other = VisitorStore.Place(workspace: shop.workspace, channel: .make(), addresses: ["a"])
            streams.append(try await hub.connect(other, device: "one"))

            streams.removeFirst()
            // The hub hears of the end from a task.
            while (try? await hub.connect(place, device: "one")).map({ streams.append($0) }) == nil { await Task.yield() }
            await #expect(throws: Problem.self) { try await hub.connect(place, device: "one") }
            withExtendedLifetime(streams) {}
        }
    }
}
