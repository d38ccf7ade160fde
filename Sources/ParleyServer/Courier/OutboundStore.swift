package import Foundation
package import Parley
package import Postgres
import Queue

/// Puts messages on their way: message, delivery, job and events are one transaction, so a message that was accepted is always sent.
package enum OutboundStore {
    /// Why a message cannot be posted.
    package enum Refusal: Error, Hashable, Sendable {
        case conversationNotFound, channelNotFound
        case conversationEnded, channelDisabled
        /// Nobody is known to be on the other side.
        case noRecipient
        /// The last word of the other side was a machine's, and so would this be (I17).
        case answersAutomatic
    }

    /// What somebody wants to say.
    package struct Draft: Sendable {
        package var body: Body
        /// A machine wrote it.
        package var isAutomatic: Bool
        /// The API key that asks; nil for the operator himself.
        package var sender: KeyID?
        package var date: Date

        package init(_ body: Body, isAutomatic: Bool = false, by sender: KeyID?, at date: Date = Date()) {
            self.body = body
            self.isAutomatic = isAutomatic
            self.sender = sender
            self.date = date
        }
    }

    /// A message on its way.
    package struct Posted: Hashable, Sendable {
        package var id: MessageID
        package var delivery: DeliveryID
        package var conversation: ConversationID
        package var channel: ChannelID
        package var contact: ContactID?
        /// On the channel, as its adapter writes it.
        package var address: String
        package var seq: Int
        package var body: Body
        package var isAutomatic: Bool
        package var state: DeliveryState
        package var createdAt: Date

        /// What the audit keeps of it: ids and its state, not its text.
        var auditable: JSON {
            [
                "id": .string(self.id.description), "deliveryId": .string(self.delivery.description),
                "conversationId": .string(self.conversation.description), "channelId": .string(self.channel.description),
                "seq": .integer(self.seq), "status": .string(self.state.rawValue),
            ]
        }
    }

    /// Writes to an address over a channel: in the conversation that is open there, else in a new one.
    ///
    /// - Parameter address: normalized by the channel's adapter.
    /// - Throws: `Refusal`; `.conversationEnded` may have failed the transaction.
    package static func start(
        _ draft: Draft,
        to address: Address,
        over channel: ChannelID,
        of workspace: WorkspaceID,
        on transaction: Transaction
    ) async throws -> Posted {
        let person = Person(workspace: workspace, address: address)
        let plan = ThreadingPlan(beginningWith: person, over: channel, subject: draft.body.subject, at: draft.date)
        let rows = try await transaction.pipeline(
            ["SELECT status FROM channels WHERE workspace_id = \(workspace.uuid) AND id = \(channel.uuid)"] + plan.statements + [
                """
                SELECT id FROM conversations WHERE workspace_id = \(workspace.uuid) AND channel_id = \(channel.uuid)
                    AND thread_key = \(plan.conversations[0].slot.key.rawValue) AND status = 'active'
                """
            ]
        )
        guard let row = rows[0].first else { throw Refusal.channelNotFound }
        guard try row.value("status", as: ChannelRecord.Status.self) != .disabled else { throw Refusal.channelDisabled }
        guard let open = rows.last?.first else { throw Refusal.conversationEnded }
        let conversation = ConversationID(try open.value("id"))
        return try await self.post(draft, in: conversation, of: workspace, on: transaction)
    }

    /// Answers in a conversation.
    ///
    /// - Throws: `Refusal`; `.conversationEnded` may have failed the transaction.
    package static func post(
        _ draft: Draft,
        in conversation: ConversationID,
        of workspace: WorkspaceID,
        on transaction: Transaction
    ) async throws -> Posted {
        let destination = try await self.destination(of: conversation, in: workspace, on: transaction)
        return try await self.post([Post(draft, to: destination)], of: workspace, on: transaction)[0].get()
    }
}
