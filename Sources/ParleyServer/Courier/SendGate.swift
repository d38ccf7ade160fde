import Foundation
import Parley
import Postgres

/// Asks the database, on behalf of the whole fleet, whether a request may leave now: is the channel's breaker closed, is there budget
/// left for the channel and for the recipient.
///
/// Whoever asks at the same moment shares one short transaction; it holds the rows it reads for one round trip, and is not flushed
/// to disk, since a forgotten reservation harms nobody.
struct SendGate: Sendable {
    enum Answer: Hashable, Sendable {
        /// After so many milliseconds at most: near slots are reserved rather than asked for again.
        case go(in: Duration)
        case wait(Duration)
    }

    /// How far ahead a slot is reserved.
    static let horizon: Duration = .milliseconds(250)

    private let calls: Coalescer<Call, Answer>

    init(pool: Pool) {
        self.calls = Coalescer(limit: 200) { calls in
            try await pool.transaction(in: .all) { transaction in
                var table = try await GateTable.lock(calls, in: transaction)
                let answers = calls.map { table.answer($0) }
                try await table.write(to: transaction)
                return answers
            }
        }
    }

    func admit(_ recipient: String, on channel: SealedChannel, limits: SendLimits) async throws -> Answer {
        try await self.calls(Call(workspace: channel.workspace, channel: channel.id, kind: .admit(recipient: recipient, limits: limits)))
    }

    /// Tells how a request ended. `pause`: nothing leaves over the channel for so long.
    func report(_ health: Breaker.Report?, pause: Duration?, on channel: SealedChannel) async throws {
        _ = try await self.calls(Call(workspace: channel.workspace, channel: channel.id, kind: .report(health, pause: pause)))
    }

    struct Call: Sendable {
        enum Kind: Sendable {
            case admit(recipient: String, limits: SendLimits)
            case report(Breaker.Report?, pause: Duration?)
        }
        var workspace: WorkspaceID
        var channel: ChannelID
        var kind: Kind
    }
}

extension SendLimits {
    /// Seconds between two requests of a channel; 0 for no limit.
    var gap: Double { self.perSecond > 0 ? 1 / self.perSecond : 0 }
}

extension Duration {
    /// As `Date` and PostgreSQL count.
    var seconds: Double { self / .seconds(1) }
}
