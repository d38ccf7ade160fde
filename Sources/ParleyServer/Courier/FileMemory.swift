import Parley
import Synchronization

/// How many bytes of files a worker has in memory at once, over all messages it is about to send.
final class FileMemory: Sendable {
    private let share: Mutex<FairShare>

    init(capacity: Int) { self.share = Mutex(FairShare(capacity: capacity)) }

    /// Runs `body` while `bytes` are kept for it; nil when the channel may not have so many now.
    func hold<T: Sendable>(_ bytes: Int, for channel: ChannelID, _ body: () async throws -> T) async rethrows -> T? {
        guard bytes > 0 else { return try await body() }
        guard self.share.withLock({ $0.take(bytes, for: channel) }) else { return nil }
        defer { self.share.withLock { $0.giveBack(bytes, of: channel) } }
        return try await body()
    }
}
