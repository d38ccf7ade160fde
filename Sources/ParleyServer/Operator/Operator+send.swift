import Foundation
import Parley

extension Operator {
    /// Sends a text into a conversation.
    package func send(_ text: String, conversation: String, workspace: String) async throws -> Listing {
        let workspace = try await self.workspace(workspace)
        guard let id = ConversationID(conversation) else { throw ProcessFailure.failed("\(conversation) is no conversation's id") }
        return try await self.post { [actor] in
            try await OutboundStore(pool: self.pool).post(.init(Body(text: text), by: nil), in: id, of: workspace.id) {
                [Self.entry(actor, $0).insertion(in: workspace.id)]
            }
        }
    }

    /// Sends a text to an address over a channel: in the conversation that is open there, else in a new one.
    package func send(_ text: String, to address: String, channel: String, workspace: String) async throws -> Listing {
        let record = try await self.channel(channel, workspace)
        let context = record.context(publicURL: try self.settings.publicURL)
        guard let normalized = await (try self.adapter(record.adapter.rawValue)).address(address, for: context) else {
            throw ProcessFailure.failed("\(address) is no address that \(record.adapter) knows")
        }
        return try await self.post { [actor] in
            try await OutboundStore(pool: self.pool).start(
                .init(Body(text: text), by: nil),
                to: normalized,
                over: record.id,
                of: record.workspace
            ) {
                [Self.entry(actor, $0).insertion(in: record.workspace)]
            }
        }
    }

    private static func entry(_ actor: String, _ posted: OutboundStore.Posted) -> AuditEntry {
        AuditEntry(actor: actor, action: "message.send", target: "message:\(posted.id)")
    }

    private func post(_ act: () async throws -> OutboundStore.Posted) async throws -> Listing {
        do {
            let posted = try await act()
            let row: JSON = [
                "id": .string(posted.id.description), "conversationId": .string(posted.conversation.description),
                "status": .string(posted.state.rawValue),
            ]
            return Listing(columns: ["id", "conversationId", "status"], rows: [row])
        } catch let refusal as OutboundStore.Refusal {
            switch refusal {
            case .conversationNotFound: throw ProcessFailure.failed("there is no such conversation")
            case .channelNotFound: throw ProcessFailure.failed("there is no such channel")
            case .conversationEnded: throw ProcessFailure.failed("the conversation has ended")
            case .channelDisabled: throw ProcessFailure.failed("the channel is disabled: `parley channels set … --status active`")
            case .noRecipient: throw ProcessFailure.failed("nobody is known to be on the other side of that conversation")
            case .answersAutomatic: throw ProcessFailure.failed("the last message there was automatic")
            }
        }
    }
}
