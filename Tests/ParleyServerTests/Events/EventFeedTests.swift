import Foundation
import Parley
import Postgres
import Testing
import TestSupport

@testable import ParleyServer

@Suite(.database) struct EventFeedTests {
    private let pool = TestDatabase.current.pool
    private let workspace = WorkspaceID.make()

    private func withFeed(poll: Duration = .milliseconds(20), _ body: (EventFeed) async throws -> Void) async throws {
        let listener = Listener(settings: TestDatabase.current.settings, logger: TestDatabase.logger)
        let feed = EventFeed(pool: self.pool, listener: listener, poll: poll, logger: TestDatabase.logger)
        // The session listens before anything is told.
        for await _ in listener.notifications(on: EventFeed.passing) { break }
        let running = Task { await feed.run() }
        try await body(feed)
        running.cancel()
        await running.value
        listener.close()
    }

    private func insertion(_ type: String, in workspace: WorkspaceID? = nil) -> SQL {
        "INSERT INTO events (workspace_id, type) VALUES (\((workspace ?? self.workspace).uuid), \(type))"
    }
    private func happen(_ types: String...) async throws {
        for type in types { _ = try await self.pool.query(in: .all, self.insertion(type)) }
    }
    private func types(_ count: Int, of stream: AsyncThrowingStream<FeedEvent, any Error>) async throws -> [String] {
        var types: [String] = []
        for try await event in stream {
            types.append(event.type)
            if types.count == count { break }
        }
        return types
    }

    @Test func `tells what happens from the subscription on, in order, and only of its workspace`() async throws {
        try await self.withFeed { feed in
            try await self.happen("before")
            let stream = await feed.subscribe(workspace: self.workspace)
            _ = try await self.pool.query(in: .all, self.insertion("foreign", in: .make()))
            try await self.happen("one", "two", "three")
            #expect(try await self.types(3, of: stream) == ["one", "two", "three"])
        }
    }

    @Test func `goes on behind a known id, through the table first and live then`() async throws {
        try await self.withFeed { feed in
            try await self.happen("one", "two", "three")
            let stream = await feed.subscribe(workspace: self.workspace, after: 1)
            try await self.happen("four")
            #expect(try await self.types(3, of: stream) == ["two", "three", "four"])
        }
    }

    @Test func `an event that commits late is not stepped over, and those behind it wait for it`() async throws {
        try await self.withFeed { feed in
            let stream = await feed.subscribe(workspace: self.workspace)
            let (taken, take) = AsyncStream.makeStream(of: Void.self)
            let (allowed, allow) = AsyncStream.makeStream(of: Void.self)
            let late = Task { [pool, insertion = self.insertion("late")] in
                try await pool.transaction(in: .all) { transaction in
                    try await transaction.execute(insertion)
                    take.yield()
                    for await _ in allowed { break }
                }
            }
            for await _ in taken { break }
            try await self.happen("early")
            let first = Task { try await self.types(2, of: stream) }
            allow.yield()
            try await late.value
            #expect(try await first.value == ["late", "early"])
        }
    }

    @Test func `nobody waits without end for a place behind a transaction that stays open (F27)`() async throws {
        try await self.withFeed { feed in
            try await self.pool.transaction(in: .all) { transaction in
                try await transaction.execute(self.insertion("open"))
                let problem = await #expect(throws: Problem.self) { try await feed.position(patience: .milliseconds(20)) }
                #expect(problem?.status == 503)
            }
            #expect(try await feed.position() >= 1)
        }
    }

    @Test func `does not pass an id whose transaction began last and still runs`() async throws {
        // The newest number of all is in no snapshot: only what has completed counts there.
        let (taken, take) = AsyncStream.makeStream(of: Void.self)
        let (allowed, allow) = AsyncStream.makeStream(of: Void.self)
        let running = Task { [pool, insertion = self.insertion("late")] in
            try await pool.transaction(in: .all) { transaction in
                try await transaction.execute(insertion)
                take.yield()
                for await _ in allowed { break }
            }
        }
        for await _ in taken { break }
        var horizon = FeedHorizon()
        let store = FeedStore(pool: self.pool)
        #expect(horizon.look(try await store.look(beyond: nil)) == nil)
        allow.yield()
        try await running.value
        while horizon.look(try await store.look(beyond: nil)) == nil { await Task.yield() }
        #expect(horizon.settled == 1)
    }

    @Test func `is woken by a notice long before it would look by itself`() async throws {
        try await self.withFeed(poll: .seconds(60)) { feed in
            let stream = await feed.subscribe(workspace: self.workspace)
            let bell = EventBell(pool: self.pool)
            let found = Task { try await self.types(20, of: stream) }
            for number in 1...20 {
                try await self.happen("\(number)")
                bell.ring()
            }
            #expect(try await found.value == (1...20).map(String.init))
        }
    }

    @Test func `who reads slowly misses nothing, and passing events reach whoever listens`() async throws {
        try await self.withFeed { feed in
            let stream = await feed.subscribe(workspace: self.workspace)
            let statement: SQL = """
                INSERT INTO events (workspace_id, type) SELECT \(self.workspace.uuid), n::text FROM generate_series(1, 3000) n
                """
            _ = try await self.pool.query(in: .all, statement)
            // Another subscriber sees the last one, so the first one's queue has overflowed by now.
            let other = await feed.subscribe(workspace: self.workspace, after: 0)
            _ = try await self.types(3_000, of: other)
            #expect(try await self.types(3_000, of: stream) == (1...3_000).map(String.init))
            let listening = await feed.subscribe(workspace: self.workspace)
            try await self.happen("kept")
            #expect(try await self.types(1, of: listening) == ["kept"])
            await feed.tell(FeedEvent(id: nil, workspace: self.workspace, type: "conversation.typing", createdAt: Date()))
            #expect(try await self.types(1, of: listening) == ["conversation.typing"])
        }
    }

    @Test func `ends its subscriptions when it stops, and forgets whoever went`() async throws {
        try await self.withFeed { feed in
            var stream: AsyncThrowingStream<FeedEvent, any Error>? = await feed.subscribe(workspace: self.workspace)
            #expect(await feed.subscriberCount == 1)
            let reading = Task { [stream] in try await self.types(1, of: try #require(stream)) }
            stream = nil
            reading.cancel()
            _ = try? await reading.value
            while await feed.subscriberCount > 0 { await Task.yield() }
        }
    }
}
