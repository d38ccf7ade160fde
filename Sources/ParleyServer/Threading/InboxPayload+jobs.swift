package import Foundation
package import Parley
package import Queue

extension InboxPayload {
    /// The jobs of what one request brought: one for each conversation (or message spoken of), its events in their order.
    package static func jobs(
        for events: [InboundEvent],
        of channel: ChannelID,
        in workspace: WorkspaceID,
        request: UUID?,
        receivedAt: Date
    ) -> [JobDraft] {
        var keys: [Exact] = []
        var groups: [Exact: [InboundEvent]] = [:]
        for event in events {
            let key = Exact(event.orderingKey)
            if groups[key] == nil { keys.append(key) }
            groups[key, default: []].append(event)
        }
        return keys.map { key in
            let payload = InboxPayload(channel: channel, request: request, receivedAt: receivedAt, events: groups[key] ?? [])
            return JobDraft(queue: .inbox, key: "\(channel)/\(key.wrappedValue)", workspace: workspace.uuid, payload: payload.bytes)
        }
    }
}
