import Channels
import Foundation
import Parley
import Postgres

extension Operator {
    /// Sends a text into a conversation.
    package func send(_ text: String, conversation: String, workspace: String) async throws -> Listing {
        guard let id = ConversationID(conversation) else { throw ProcessFailure.usage("\(conversation) is no conversation's id") }
        let workspace = try await self.workspace(workspace)
        let destination = try await Self.telling {
            try await self.pool.transaction(in: .workspace(workspace.id.uuid)) { transaction in
                try await OutboundStore.destination(of: id, in: workspace.id, on: transaction)
            }
        }
        try self.check(text, over: AdapterName(rawValue: destination.adapter))
        return try await self.post(in: workspace.id) { transaction in
            try await OutboundStore.post(.init(Body(text: text), by: nil), in: id, of: workspace.id, on: transaction)
        }
    }

    /// Sends a text to an address over a channel: in the conversation that is open there, else in a new one.
    package func send(_ text: String, to address: String, channel: String, workspace: String) async throws -> Listing {
        let record = try await self.channel(channel, workspace)
        try self.check(text, over: record.adapter)
        let rule = RecipientRule(
            channels: try self.channels(),
            adapters: try self.settings.adapters,
            publicURL: try self.settings.publicURL
        )
        let normalized: Address
        do {
            normalized = try await self.pool.transaction(in: .workspace(record.workspace.uuid)) { transaction in
                try await rule.address(address, over: record, on: transaction)
            }
        } catch let mistake as Mistake { throw ProcessFailure.usage(address, mistake) }
        return try await self.post(in: record.workspace) { transaction in
            try await OutboundStore.start(
                .init(Body(text: text), by: nil),
                to: normalized,
                over: record.id,
                of: record.workspace,
                on: transaction
            )
        }
    }

    /// What the API would refuse is refused here too.
    private func check(_ text: String, over adapter: AdapterName?) throws {
        let capabilities = try adapter.flatMap { try self.settings.adapters[$0] }?.capabilities
        if let mistake = TextRule(capabilities).mistake(inAll: text) { throw ProcessFailure.usage("the text", mistake) }
    }

    private func post(
        in workspace: WorkspaceID,
        _ act: @escaping @Sendable (Transaction) async throws -> OutboundStore.Posted
    ) async throws -> Listing {
        let posted = try await Self.telling {
            try await self.change(in: workspace) { [actor] transaction in
                let posted = try await act(transaction)
                return (posted, AuditEntry(actor: actor, action: .messagePost, target: "message:\(posted.id)", after: posted.auditable))
            }
        }
        let row: JSON = [
            "id": .string(posted.id.description), "conversationId": .string(posted.conversation.description),
            "status": .string(posted.state.rawValue),
        ]
        return Listing(columns: ["id", "conversationId", "status"], rows: [row])
    }

    private static func telling<T>(_ act: () async throws -> T) async throws -> T {
        do { return try await act() } catch let refusal as OutboundStore.Refusal {
            switch refusal {
            case .conversationNotFound: throw ProcessFailure.failed("there is no such conversation")
            case .channelNotFound: throw ProcessFailure.failed("there is no such channel")
            case .conversationEnded: throw ProcessFailure.failed("the conversation has ended")
            case .channelDisabled: throw ProcessFailure.failed("the channel is disabled: `parley channels set … --status active`")
            case .noRecipient: throw ProcessFailure.failed("nobody is known to be on the other side of that conversation")
            case .answersAutomatic: throw ProcessFailure.failed("no machine may answer the last message there")
            }
        }
    }
}
