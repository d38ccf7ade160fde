import Parley
import Synchronization

/// Spreads the jobs that wait for one channel over the time to come, so that each asks again when its turn may be and not before.
///
/// Only a guess of one worker: whether a request may leave is decided in the database.
final class Pacer: Sendable {
    private let turns = Mutex<[ChannelID: ContinuousClock.Instant]>([:])
    private let longest: Duration = .seconds(300)

    /// - Parameters:
    ///   - wait: until the first request of the channel may leave.
    ///   - gap: between two requests.
    func wait(for channel: ChannelID, atLeast wait: Duration, gap: Duration) -> Duration {
        let now = ContinuousClock.now
        return self.turns.withLock { turns in
            if turns.count > 1_000 { turns = turns.filter { $0.value > now } }
            let turn = max(turns[channel] ?? now, now + wait)
            guard turn - now < self.longest else { return self.longest * Double.random(in: 0.5...1) }
            turns[channel] = turn + max(gap, .milliseconds(5))
            return turn - now
        }
    }
}
