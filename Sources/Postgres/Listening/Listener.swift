import CLibpq
import Foundation
package import Logging
import ServiceLifecycle
import Synchronization

/// What a listener hears.
package enum Notification: Hashable, Sendable {
    case received(payload: String)
    /// From now on the channel is listened to, for the first time or again: anything may have been said before, so look.
    case reconnected
}

/// Hears NOTIFY on one session of its own, and connects again for as long as it takes.
///
/// A wake-up is a hint, never the only way to learn something: readers poll slowly beside it.
package final class Listener: Sendable {
    private struct State {
        var subscribers: [String: [Int: AsyncStream<Notification>.Continuation]] = [:]
        var next = 0
        var isClosed = false
    }

    private let settings: ConnectionSettings
    private let logger: Logger
    private let state = Mutex(State())
    /// Turns readable when channels change or the listener closes, so that the blocked thread looks up.
    private let wake: (read: Int32, write: Int32)
    /// How long the session may be silent before it is asked whether it lives.
    private let probe: Duration

    /// - Parameter random: spreads the pauses before connecting again (full jitter), so that listeners lost together do not come back together.
    package init(
        settings: ConnectionSettings,
        probe: Duration = .seconds(10),
        random: any RandomNumberGenerator & Sendable = SystemRandomNumberGenerator(),
        logger: Logger
    ) {
        self.settings = settings
        self.probe = probe
        self.logger = logger
        var ends: [Int32] = [-1, -1]
        pipe(&ends)
        for end in ends {
            _ = fcntl(end, F_SETFL, O_NONBLOCK)
            _ = fcntl(end, F_SETFD, FD_CLOEXEC)
        }
        self.wake = (ends[0], ends[1])
        let thread = Thread { [self] in self.loop(pausing: random) }
        thread.name = "postgres-listen"
        thread.start()
    }

    deinit {
        Glibc.close(self.wake.read)
        Glibc.close(self.wake.write)
    }

    /// What is said on `channel` from now on. The stream ends when the listener closes.
    package func notifications(on channel: String) -> AsyncStream<Notification> {
        let (stream, continuation) = AsyncStream.makeStream(of: Notification.self, bufferingPolicy: .bufferingNewest(256))
        let id: Int? = self.state.withLock { state in
            guard !state.isClosed else { return nil }
            state.next += 1
            state.subscribers[channel, default: [:]][state.next] = continuation
            return state.next
        }
        guard let id else {
            continuation.finish()
            return stream
        }
        continuation.onTermination = { [weak self] _ in
            self?.state.withLock { _ = $0.subscribers[channel]?.removeValue(forKey: id) }
        }
        self.signal()
        return stream
    }

    package func close() {
        let subscribers = self.state.withLock { state in
            state.isClosed = true
            defer { state.subscribers = [:] }
            return state.subscribers
        }
        for continuation in subscribers.values.flatMap(\.values) { continuation.finish() }
        self.signal()
    }

    private func signal() {
        var byte: UInt8 = 1
        _ = write(self.wake.write, &byte, 1)
    }

    // MARK: - The thread

    private func loop(pausing random: any RandomNumberGenerator) {
        let link = Link()
        var random = random
        var listening: Set<String> = []
        var failures = 0
        while let wanted = self.channels {
            do throws(PostgresError) {
                if link.isBroken {
                    listening = []
                    try link.open(self.settings, pipelined: false)
                }
                try self.listen(link, to: wanted, already: &listening)
                try self.hear(link)
                // Not before: a proxy or a standby takes the connection and refuses what is asked of it (F30).
                failures = 0
            } catch {
                link.close()
                failures += 1
                if failures == 1 { self.logger.warning("listener cannot hear", metadata: ["error.code": "\(error.code)"]) }
                let longest = Duration.milliseconds(min(2_000, 50 << min(failures, 6)))
                self.pause(longest * Double.random(in: 0...1, using: &random))
            }
        }
        link.close()
    }

    /// Nil once closed.
    private var channels: Set<String>? {
        self.state.withLock { $0.isClosed ? nil : Set($0.subscribers.keys) }
    }

    private func listen(_ link: Link, to wanted: Set<String>, already: inout Set<String>) throws(PostgresError) {
        for channel in wanted.subtracting(already) {
            let name = channel.replacing("\"", with: "\"\"")
            try link.script("LISTEN \"\(name)\"", until: .now + .seconds(10))
            already.insert(channel)
            // Whatever was said between the subscription and this moment went unheard.
            self.publish(.reconnected, on: channel)
        }
    }

    /// Waits for a word; after a silence asks the server for a sign of life (a proxy may have dropped the line, F31).
    private func hear(_ link: Link) throws(PostgresError) {
        let start = ContinuousClock.now
        guard let heard = link.notifications(orWake: self.wake.read, until: start + self.probe) else { throw Link.lost }
        let wasWoken = self.drain()
        for (channel, payload) in heard { self.publish(.received(payload: payload), on: channel) }
        guard heard.isEmpty, !wasWoken, start.duration(to: .now) >= self.probe else { return }
        try link.script("SELECT", until: .now + .seconds(5))
    }

    private func drain() -> Bool {
        var bytes = [UInt8](repeating: 0, count: 64)
        return read(self.wake.read, &bytes, bytes.count) > 0
    }

    /// Ends early when somebody signals: then there may be nothing left to connect for.
    private func pause(_ duration: Duration) {
        var entry = pollfd(fd: self.wake.read, events: Int16(POLLIN), revents: 0)
        _ = poll(&entry, 1, Int32(duration / .milliseconds(1)))
        _ = self.drain()
    }

    private func publish(_ notification: Notification, on channel: String) {
        let continuations = self.state.withLock { Array($0.subscribers[channel, default: [:]].values) }
        for continuation in continuations { continuation.yield(notification) }
    }
}

extension Listener: Service {
    /// Listens until it is told to stop.
    package func run() async throws {
        try? await gracefulShutdown()
        self.close()
    }
}
