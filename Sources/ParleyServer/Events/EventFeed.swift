import Foundation
package import Logging
package import Parley
package import Postgres
import ServiceLifecycle

/// The `events` of workspaces, live: each once, in the order of their ids, and none left out, however late its transaction commits.
///
/// Ids are taken before commits, so a low id can appear after a higher one. The feed never passes an id before every transaction that might
/// have taken a lower one is over. One reader serves all subscribers of the process; without any it reads nothing.
package actor EventFeed: Service {
    /// Rung after commits that brought events.
    package static let notice = Notice(channel: "parley_events", payload: "")
    /// The LISTEN/NOTIFY channel of events that are not kept.
    static let passing = "parley_passing"
    /// A subscriber who lets more than this wait is read to from the table again.
    private static let room = 1_000

    private struct Subscriber {
        var workspace: WorkspaceID
        /// The last event handed over, or where the subscriber wants to begin behind.
        var delivered: Int64
        var queue: [FeedEvent] = []
        /// Not all up to `tail` is in the queue: the table has to be read.
        var isBehind: Bool
        var waiter: CheckedContinuation<Void, Never>?
    }

    private let store: FeedStore
    private let listener: Listener
    private let poll: Duration
    private let logger: Logger
    private var subscribers: [Int: Subscriber] = [:]
    private var lastNumber = 0
    private var horizon = FeedHorizon()
    /// Everything up to here has been handed to the subscribers' queues; nil while there are none.
    private var tail: Int64?
    private var isStopped = false
    private let wakes: AsyncStream<Void>
    private nonisolated let waker: AsyncStream<Void>.Continuation

    /// - Parameter poll: how long a wake-up that was lost can go unnoticed.
    package init(pool: Pool, listener: Listener, poll: Duration = .seconds(1), logger: Logger) {
        self.store = FeedStore(pool: pool)
        self.listener = listener
        self.poll = poll
        self.logger = logger
        (self.wakes, self.waker) = AsyncStream.makeStream(bufferingPolicy: .bufferingNewest(1))
    }

    var subscriberCount: Int { self.subscribers.count }

    // MARK: - Subscribing

    /// The workspace's events behind `after`, or from now on.
    ///
    /// Reads as slowly as it is read. Ends when the process stops; to end it sooner, cancel the task that reads it.
    ///
    /// - Parameter after: the id of the last event already known.
    /// - Throws: from the stream, what the database throws; subscribe again behind the last id then.
    package func subscribe(workspace: WorkspaceID, after: Int64? = nil) async -> AsyncThrowingStream<FeedEvent, any Error> {
        let start: Int64
        do { start = try await self.position() } catch { return AsyncThrowingStream { throw error } }
        self.lastNumber += 1
        let number = self.lastNumber
        // `position` may have been asked before the first subscriber came.
        if self.tail == nil { self.tail = start }
        self.subscribers[number] = Subscriber(workspace: workspace, delivered: after ?? start, isBehind: true)
        self.wake()
        let handle = Handle { [weak self] in Task { await self?.remove(number) } }
        return AsyncThrowingStream { [weak self] in
            _ = handle
            return try await self?.next(number)
        }
    }

    /// The last id that is settled: everything up to it has been committed or never will be.
    ///
    /// - Parameter patience: how long to wait for the transactions that have to end for it; somebody else's may stay open for hours.
    /// - Throws: a 503 problem when they have not; and what the database throws.
    package func position(patience: Duration = .seconds(10)) async throws -> Int64 {
        if let tail { return tail }
        var horizon = FeedHorizon()
        var wait = Duration.milliseconds(2)
        let end = ContinuousClock.now + patience
        while true {
            if let settled = horizon.look(try await self.store.look(beyond: nil)) { return settled }
            guard ContinuousClock.now < end else { throw Problem.unavailable("events_unsettled", retryAfter: 10) }
            try await Task.sleep(for: wait)
            wait = min(wait * 2, .milliseconds(100))
        }
    }

    /// Tells all processes of something that passes. Lost when nobody listens.
    package func tell(_ event: FeedEvent) async {
        guard let notice = event.notice else { return }
        await self.store.pool.notify([notice])
    }

    /// Gone with the last reference to the stream.
    private final class Handle: Sendable {
        private let onEnd: @Sendable () -> Void
        init(_ onEnd: @escaping @Sendable () -> Void) { self.onEnd = onEnd }
        deinit { self.onEnd() }
    }

    private func remove(_ number: Int) {
        self.subscribers.removeValue(forKey: number)?.waiter?.resume()
        guard self.subscribers.isEmpty else { return }
        self.tail = nil
        self.horizon = FeedHorizon()
    }

    private func next(_ number: Int) async throws -> FeedEvent? {
        while let subscriber = self.subscribers[number], !self.isStopped {
            try Task.checkCancellation()
            if let event = subscriber.queue.first {
                self.subscribers[number]?.queue.removeFirst()
                if let id = event.id { self.subscribers[number]?.delivered = id }
                return event
            }
            if subscriber.isBehind, let tail = self.tail {
                try await self.catchUp(number, subscriber, to: tail)
            } else {
                await self.wait(number)
            }
        }
        return nil
    }

    /// Reads the next page of what a subscriber lacks.
    private func catchUp(_ number: Int, _ subscriber: Subscriber, to tail: Int64) async throws {
        let page = try await self.store.events(of: [subscriber.workspace], after: subscriber.delivered, upTo: tail, limit: 500)
        // While it was read, nothing was queued for a subscriber who is behind.
        self.subscribers[number]?.queue += page
        if page.count < 500, self.tail == tail { self.subscribers[number]?.isBehind = false }
        if page.isEmpty, self.tail != tail { self.subscribers[number]?.delivered = max(subscriber.delivered, tail) }
    }

    private func wait(_ number: Int) async {
        await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                guard self.subscribers[number] != nil, !self.isStopped, !Task.isCancelled else { return continuation.resume() }
                self.subscribers[number]?.waiter = continuation
            }
        } onCancel: {
            Task { await self.resume(number) }
        }
    }

    private func resume(_ number: Int) {
        self.subscribers[number]?.waiter?.resume()
        self.subscribers[number]?.waiter = nil
    }

    // MARK: - Reading

    /// Reads until the process is asked to stop, then ends every subscription. Never throws: an outage is waited out.
    package func run() async {
        await cancelWhenGracefulShutdown {
            // Before the first look: whoever is told what is kept hears what passes as well.
            let (kept, passing) = (self.listener.notifications(on: Self.notice.channel), self.listener.notifications(on: Self.passing))
            await withTaskGroup(of: Void.self) { group in
                group.addTask { for await _ in kept { self.wake() } }
                group.addTask {
                    for await notification in passing {
                        guard case .received(let payload) = notification, let event = FeedEvent(payload: payload) else { continue }
                        await self.publish([event])
                    }
                }
                group.addTask { await self.read() }
            }
        }
        self.isStopped = true
        for number in self.subscribers.keys { self.resume(number) }
    }

    private nonisolated func wake() { self.waker.yield() }

    private func read() async {
        var pending: Duration = .milliseconds(2)
        var iterator = self.wakes.makeAsyncIterator()
        while !Task.isCancelled {
            var nap = self.poll
            if !self.subscribers.isEmpty {
                do {
                    try await self.advance()
                    pending = self.horizon.isWaiting ? min(pending * 2, .milliseconds(250)) : .milliseconds(2)
                    if self.horizon.isWaiting { nap = pending }
                } catch {
                    let code = (error as? PostgresError)?.code.rawValue ?? "\(type(of: error))"
                    self.logger.warning("could not read events", metadata: ["error.code": "\(code)"])
                    nap = .seconds(1)
                }
            } else {
                nap = .seconds(3_600)
            }
            let timer = Task { [nap] in if (try? await Task.sleep(for: nap)) != nil { self.wake() } }
            _ = await iterator.next(isolation: self)
            timer.cancel()
        }
    }

    /// Hands over what has been settled since the last look.
    private func advance() async throws {
        let look = try await self.store.look(beyond: self.horizon.settled)
        guard let settled = self.horizon.look(look), let start = self.tail, settled > start else { return }
        var last = start
        while last < settled {
            let workspaces = Array(Set(self.subscribers.values.filter { !$0.isBehind }.map(\.workspace)))
            let page = workspaces.isEmpty ? [] : try await self.store.events(of: workspaces, after: last, upTo: settled, limit: 1_000)
            guard self.tail != nil else { return }
            last = page.count == 1_000 ? page.last?.id ?? settled : settled
            // Who came, or fell behind, while this was read has not been asked for: the table has it for them.
            let asked = Set(workspaces)
            for (number, subscriber) in self.subscribers where !asked.contains(subscriber.workspace) {
                self.subscribers[number]?.isBehind = true
            }
            self.tail = last
            self.publish(page)
            for number in self.subscribers.keys where self.subscribers[number]?.isBehind == true { self.resume(number) }
        }
    }

    private func publish(_ events: [FeedEvent]) {
        for event in events {
            for (number, subscriber) in self.subscribers where subscriber.workspace == event.workspace && !subscriber.isBehind {
                if let id = event.id, id <= subscriber.delivered { continue }
                if subscriber.queue.count >= Self.room {
                    self.subscribers[number]?.isBehind = true
                    self.subscribers[number]?.queue.removeAll { $0.id == nil }
                } else {
                    self.subscribers[number]?.queue.append(event)
                }
                self.resume(number)
            }
        }
    }
}
