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

    package init(settings: ConnectionSettings, probe: Duration = .seconds(10), logger: Logger) {
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
        let thread = Thread { [self] in self.loop() }
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

    private func loop() {
        let link = Link()
        var listening: Set<String> = []
        var failures = 0
        while let wanted = self.channels {
            if link.isBroken {
                listening = []
                do throws(PostgresError) {
                    try link.open(self.settings, pipelined: false)
                    failures = 0
                } catch {
                    failures += 1
                    if failures == 1 { self.logger.warning("listener cannot connect", metadata: ["error.code": "\(error.code)"]) }
                    self.pause(.milliseconds(min(2_000, 50 << min(failures, 6))))
                    continue
                }
            }
            guard self.listen(link, to: wanted, already: &listening), self.hear(link) else {
                link.close()
                continue
            }
        }
        link.close()
    }

    /// Nil once closed.
    private var channels: Set<String>? {
        self.state.withLock { $0.isClosed ? nil : Set($0.subscribers.keys) }
    }

    private func listen(_ link: Link, to wanted: Set<String>, already: inout Set<String>) -> Bool {
        for channel in wanted.subtracting(already) {
            let name = channel.replacing("\"", with: "\"\"")
            guard (try? link.script("LISTEN \"\(name)\"", until: .now + .seconds(10))) != nil else { return false }
            already.insert(channel)
            // Whatever was said between the subscription and this moment went unheard.
            self.publish(.reconnected, on: channel)
        }
        return true
    }

    /// Waits for a word; after a silence asks the server for a sign of life (a proxy may have dropped the line, F31).
    private func hear(_ link: Link) -> Bool {
        let start = ContinuousClock.now
        guard let heard = link.notifications(orWake: self.wake.read, until: start + self.probe) else { return false }
        let wasWoken = self.drain()
        for (channel, payload) in heard { self.publish(.received(payload: payload), on: channel) }
        guard heard.isEmpty, !wasWoken, start.duration(to: .now) >= self.probe else { return true }
        return (try? link.script("SELECT", until: .now + .seconds(5))) != nil
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
