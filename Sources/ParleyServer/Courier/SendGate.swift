import Foundation
import Parley
import Postgres
import Queue
import Synchronization

/// Asks the database, on behalf of the whole fleet, whether a request may leave now: is the channel's breaker closed, is there budget
/// left for the channel and for the recipient.
///
/// Whoever asks at the same moment shares one short transaction; it holds the rows it reads for one round trip, and is not flushed
/// to disk, since a forgotten reservation harms nobody.
final class SendGate: Sendable {
    enum Answer: Hashable, Sendable {
        /// After that long: near slots are reserved rather than asked for again.
        case go(in: Duration)
        case wait(Duration)
    }

    /// How far ahead a slot is reserved.
    static let horizon: Duration = .milliseconds(250)

    private let calls: Gathering<Call, Answer, any Error>
    /// Channels whose last request from this worker failed: asked for at once, whatever was loaded before.
    private let failing = Mutex<Set<ChannelID>>([])

    init(pool: Pool) {
        self.calls = Gathering(largest: 200) { calls in
            try await pool.transaction(in: .all) { transaction in
                var table = try await GateTable.lock(calls, in: transaction)
                let answers = calls.map { table.answer($0) }
                try await table.write(to: transaction)
                return answers
            }
        }
    }

    /// A channel without limits and without failures passes unasked.
    func admit(_ delivery: LoadedDelivery, limits: SendLimits) async throws -> Answer {
        let channel = delivery.channel
        let isSuspect = delivery.hasFailures || self.failing.withLock { $0.contains(channel.id) }
        guard isSuspect || limits.gap > 0 || limits.perRecipientSeconds > 0 else { return .go(in: .zero) }
        return try await self.calls(
            Call(workspace: channel.workspace, channel: channel.id, kind: .admit(recipient: delivery.message.to, limits: limits))
        )
    }

    /// Tells how a request ended, where that is news for the others.
    func report(_ decision: DeliveryDecision, of delivery: LoadedDelivery) async throws {
        let channel = delivery.channel
        let wasFailing = self.failing.withLock { failing in
            switch decision.health {
            case .failure: failing.insert(channel.id).inserted == false
            case .success: failing.remove(channel.id) != nil
            case nil: false
            }
        }
        guard decision.pause != nil || decision.health == .failure || decision.health == .success && (wasFailing || delivery.hasFailures)
        else { return }
        _ = try await self.calls(
            Call(workspace: channel.workspace, channel: channel.id, kind: .report(decision.health, pause: decision.pause))
        )
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
    /// Seconds between two requests of a channel; 0 for no limit, or for one that is beyond what anybody sends.
    var gap: Double { self.perSecond > 0 && self.perSecond < 10_000 ? 1 / self.perSecond : 0 }
}

extension Duration {
    /// As `Date` and PostgreSQL count.
    var seconds: Double { self / .seconds(1) }
}
