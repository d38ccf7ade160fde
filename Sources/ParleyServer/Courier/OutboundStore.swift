package import Foundation
package import Parley
package import Postgres
import Queue

/// Puts messages on their way: message, delivery, job and events are one transaction, so a message that was accepted is always sent.
package struct OutboundStore: Sendable {
    private let pool: Pool

    package init(pool: Pool) { self.pool = pool }

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
        package var seq: Int
        package var body: Body
        package var isAutomatic: Bool
        package var state: DeliveryState
        package var createdAt: Date
    }

    /// Answers in a conversation.
    ///
    /// - Parameter along: what must be written in the same transaction (the kept answer to an Idempotency-Key, an audit row).
    /// - Throws: `Refusal`; `PostgresError`.
    package func post(
        _ draft: Draft,
        in conversation: ConversationID,
        of workspace: WorkspaceID,
        along: @escaping @Sendable (Posted) throws -> [SQL] = { _ in [] }
    ) async throws -> Posted {
        try await self.translatingEnd {
            try await self.pool.transaction(in: .workspace(workspace.uuid)) { transaction in
                try await self.post(draft, in: conversation, of: workspace, along: along, on: transaction)
            }
        }
    }

    /// Writes to an address over a channel: in the conversation that is open there, else in a new one.
    ///
    /// - Parameter address: normalized by the channel's adapter.
    package func start(
        _ draft: Draft,
        to address: Address,
        over channel: ChannelID,
        of workspace: WorkspaceID,
        along: @escaping @Sendable (Posted) throws -> [SQL] = { _ in [] }
    ) async throws -> Posted {
        try await self.translatingEnd {
            try await self.pool.transaction(in: .workspace(workspace.uuid)) { transaction in
                try await self.start(draft, to: address, over: channel, of: workspace, along: along, on: transaction)
            }
        }
    }

    /// `start` within the caller's transaction, which an open conversation that ends meanwhile fails with PQ002.
    package func start(
        _ draft: Draft,
        to address: Address,
        over channel: ChannelID,
        of workspace: WorkspaceID,
        along: (Posted) throws -> [SQL] = { _ in [] },
        on transaction: Transaction
    ) async throws -> Posted {
        let opening = ConversationOpening(
            workspace: workspace,
            channel: channel,
            address: address,
            subject: draft.body.subject,
            at: draft.date
        )
        let rows = try await transaction.pipeline(opening.statements)
        guard let row = rows[0].first else { throw Refusal.channelNotFound }
        guard try row.value("status", as: String.self) != "disabled" else { throw Refusal.channelDisabled }
        guard let open = rows.last?.first else { throw Refusal.conversationEnded }
        let conversation = ConversationID(try open.value("id"))
        return try await self.post(draft, in: conversation, of: workspace, along: along, on: transaction)
    }

    /// `post` within the caller's transaction, which a conversation that ends meanwhile fails with PQ002.
    package func post(
        _ draft: Draft,
        in conversation: ConversationID,
        of workspace: WorkspaceID,
        along: (Posted) throws -> [SQL] = { _ in [] },
        on transaction: Transaction
    ) async throws -> Posted {
        let destination = try await self.destination(of: conversation, in: workspace, on: transaction)
        return try await self.post(draft, to: destination, of: workspace, along: along, on: transaction)
    }

    /// Where an answer in a conversation goes.
    package struct Destination: Sendable {
        package var conversation: ConversationID
        package var channel: ChannelID
        package var adapter: String
        var isActive: Bool
        var isDisabled: Bool
        var address: String?
        var contact: ContactID?
    }

    /// - Throws: `Refusal.conversationNotFound`.
    package func destination(
        of conversation: ConversationID,
        in workspace: WorkspaceID,
        on transaction: Transaction
    ) async throws -> Destination {
        let found = try await transaction.query(
            """
            SELECT v.channel_id, v.status, c.adapter, c.status AS channel_status, coalesce(v.reply_to, i.address) AS address, i.contact_id
            FROM conversations v JOIN channels c ON c.workspace_id = v.workspace_id AND c.id = v.channel_id
            LEFT JOIN identities i ON i.workspace_id = v.workspace_id AND i.id = v.identity_id
            WHERE v.workspace_id = \(workspace.uuid) AND v.id = \(conversation.uuid)
            """
        )
        guard let row = found.first else { throw Refusal.conversationNotFound }
        return Destination(
            conversation: conversation,
            channel: ChannelID(try row.value("channel_id")),
            adapter: try row.value("adapter"),
            isActive: try row.value("status", as: String.self) == "active",
            isDisabled: try row.value("channel_status", as: String.self) == "disabled",
            address: try row.optional("address"),
            contact: try row.optional("contact_id", as: UUID.self).map { ContactID($0) }
        )
    }

    /// `post` for a caller that has looked already.
    package func post(
        _ draft: Draft,
        to destination: Destination,
        of workspace: WorkspaceID,
        along: (Posted) throws -> [SQL] = { _ in [] },
        on transaction: Transaction
    ) async throws -> Posted {
        guard destination.isActive else { throw Refusal.conversationEnded }
        guard !destination.isDisabled else { throw Refusal.channelDisabled }
        guard let address = destination.address else { throw Refusal.noRecipient }
        let (conversation, date) = (destination.conversation, draft.date)
        if draft.isAutomatic, try await Self.endsInAutomatic(conversation, of: workspace, on: transaction) {
            throw Refusal.answersAutomatic
        }
        var posted = Posted(
            id: MessageID.make(at: date),
            delivery: DeliveryID.make(at: date),
            conversation: conversation,
            channel: destination.channel,
            contact: destination.contact,
            seq: 0,
            body: draft.body,
            isAutomatic: draft.isAutomatic,
            state: .queued,
            createdAt: date
        )
        let message = MessageInsertion.Row.posted(
            draft,
            id: posted.id,
            in: conversation,
            of: workspace,
            through: posted.channel
        )
        let payload = OutboxPayload(
            workspace: workspace,
            message: posted.id,
            delivery: posted.delivery,
            conversation: conversation,
            channel: posted.channel
        )
        let job = payload.job()
        let rows = try await transaction.pipeline(
            [
                MessageInsertion.statement([message]),
                """
                INSERT INTO deliveries (workspace_id, id, message_id, conversation_id, channel_id, address, created_at)
                VALUES (\(workspace.uuid), \(posted.delivery.uuid), \(posted.id.uuid), \(conversation.uuid), \(posted.channel.uuid), \(address), \(date))
                """,
                Self.join(draft.sender, conversation, of: workspace, at: date), JobDraft.quietInsertion([job]),
            ]
        )
        transaction.notifyAfterCommit(JobDraft.wakeUps(for: [job]) + [EventFeed.notice])
        posted.seq = try rows[0][0].value("seq")
        let companions = try along(posted)
        if !companions.isEmpty { _ = try await transaction.pipeline(companions) }
        return posted
    }

    private static func endsInAutomatic(
        _ conversation: ConversationID,
        of workspace: WorkspaceID,
        on transaction: Transaction
    ) async throws -> Bool {
        let rows = try await transaction.query(
            """
            SELECT is_automatic FROM messages
            WHERE workspace_id = \(workspace.uuid) AND conversation_id = \(conversation.uuid) AND direction = 'inbound'
            ORDER BY seq DESC LIMIT 1
            """
        )
        return try rows.first?.value("is_automatic") ?? false
    }

    /// Who answers takes part.
    private static func join(_ sender: KeyID?, _ conversation: ConversationID, of workspace: WorkspaceID, at date: Date) -> SQL {
        """
        INSERT INTO participants (workspace_id, conversation_id, id, type, key_id, created_at)
        SELECT \(workspace.uuid), \(conversation.uuid), \(ParticipantID.make(at: date).uuid), 'key', \(sender?.uuid), \(date)
        WHERE \(sender != nil) ON CONFLICT (workspace_id, conversation_id, key_id) DO NOTHING
        """
    }

    /// The conversation can end between our look and our write.
    private func translatingEnd<T>(_ body: () async throws -> T) async throws -> T {
        do {
            return try await body()
        } catch let error as PostgresError where error.code == .conversationNotOpen {
            throw Refusal.conversationEnded
        }
    }
}
