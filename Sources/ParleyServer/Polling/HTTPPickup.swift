import Curl
import Foundation
import Parley

/// Asks over HTTP: one answer is one batch.
struct HTTPPickup: PickupTransport {
    /// A provider may keep us waiting until there is something to say (long polling).
    static let deadline: Duration = .seconds(60)
    static let answerLimit = 4_000_000

    let client: HTTPClient

    func pickUp(_ poll: Poll, after cursor: JSON?, through adapter: any Adapter, for channel: ChannelContext) async throws -> Pickup {
        guard case .http(let call) = poll.request else { throw PickupFailure(reason: "not_http", after: nil) }
        let answer: ProviderAnswer
        do {
            answer = try await self.client.answer(to: call, within: Self.deadline, limit: Self.answerLimit)
        } catch let error where error.reason == .cancelled {
            throw CancellationError()
        } catch {
            throw PickupFailure(reason: error.reason.rawValue, after: nil)
        }
        switch try await adapter.read(answer, after: cursor, for: channel) {
        case .failed(let reason, let after): throw PickupFailure(reason: reason, after: after)
        case .read(let cursor, let isMore):
            return Pickup(batches: [Pickup.Batch(request: HookRequest(polled: answer), cursor: cursor)], isMore: isMore)
        }
    }
}
