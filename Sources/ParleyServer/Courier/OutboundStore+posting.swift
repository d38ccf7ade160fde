import Foundation
package import Parley
package import Postgres
import Queue

/// Many messages in one go: each statement runs once for all.
extension OutboundStore {
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

    /// What is to be said, and where.
    package struct Post: Sendable {
        package var draft: Draft
        package var destination: Destination
        package init(_ draft: Draft, to destination: Destination) {
            self.draft = draft
            self.destination = destination
        }
    }

    /// Of the conversations that are there.
    package static func destinations(
        of conversations: [ConversationID],
        in workspace: WorkspaceID,
        on transaction: Transaction
    ) async throws -> [ConversationID: Destination] {
        let rows = try await transaction.query(
            """
            SELECT v.id, v.channel_id, v.status, c.adapter, c.status AS channel_status, coalesce(v.reply_to, i.address) AS address, i.contact_id
            FROM conversations v JOIN channels c ON c.workspace_id = v.workspace_id AND c.id = v.channel_id
            LEFT JOIN identities i ON i.workspace_id = v.workspace_id AND i.id = v.identity_id
            WHERE v.workspace_id = \(workspace.uuid) AND v.id = ANY(\(conversations.map(\.uuid)))
            """
        )
        let found = try rows.map { row in
            Destination(
                conversation: ConversationID(try row.value("id")),
                channel: ChannelID(try row.value("channel_id")),
                adapter: try row.value("adapter"),
                isActive: try row.value("status", as: ConversationStatus.self) == .active,
                isDisabled: try row.value("channel_status", as: ChannelRecord.Status.self) == .disabled,
                address: try row.optional("address"),
                contact: try row.optional("contact_id", as: UUID.self).map { ContactID($0) }
            )
        }
        return Dictionary(uniqueKeysWithValues: found.map { ($0.conversation, $0) })
    }

    /// - Throws: `Refusal.conversationNotFound`.
    package static func destination(
        of conversation: ConversationID,
        in workspace: WorkspaceID,
        on transaction: Transaction
    ) async throws -> Destination {
        let found = try await self.destinations(of: [conversation], in: workspace, on: transaction)
        guard let destination = found[conversation] else { throw Refusal.conversationNotFound }
        return destination
    }

    /// Posts in the given order, for a caller that has looked already; each is accepted or refused by itself.
    ///
    /// - Throws: `Refusal.conversationEnded` when one ended since we looked; the transaction has failed then.
    package static func post(
        _ posts: [Post],
        of workspace: WorkspaceID,
        on transaction: Transaction
    ) async throws -> [Result<Posted, Refusal>] {
        let automatic = posts.filter(\.draft.isAutomatic).map(\.destination.conversation)
        let barred = automatic.isEmpty ? [] : try await Self.endingInAutomatic(automatic, of: workspace, on: transaction)
        let results = posts.map { post in Self.judge(post, barred: barred).map { address in Posted(post, address: address) } }
        let accepted = zip(posts, results).compactMap { post, result in (try? result.get()).map { (post.draft, $0) } }
        guard !accepted.isEmpty else { return results }
        let jobs = accepted.map { $1.job(in: workspace) }
        let rows = try await Self.translatingEnd {
            try await transaction.pipeline([
                MessageInsertion.statement(accepted.map { draft, posted in .posted(draft, posted, of: workspace) }),
                Self.deliveries(of: accepted.map(\.1), in: workspace), Self.joining(of: accepted, in: workspace),
                JobDraft.quietInsertion(jobs),
            ])
        }
        transaction.notifyAfterCommit(JobDraft.wakeUps(for: jobs) + [EventFeed.notice])
        let numbers = Dictionary(
            uniqueKeysWithValues: try rows[0].map { (MessageID(try $0.value("id")), try $0.value("seq", as: Int.self)) }
        )
        return results.map { result in
            result.map { posted in
                var posted = posted
                posted.seq = numbers[posted.id] ?? 0
                return posted
            }
        }
    }

    /// The conversation can end between our look and our write.
    private static func translatingEnd<T>(_ body: () async throws -> T) async throws -> T {
        do { return try await body() } catch let error as PostgresError where error.code == .conversationNotOpen {
            throw Refusal.conversationEnded
        }
    }

    /// The address it goes to.
    private static func judge(_ post: Post, barred: Set<ConversationID>) -> Result<String, Refusal> {
        let destination = post.destination
        guard destination.isActive else { return .failure(.conversationEnded) }
        guard !destination.isDisabled else { return .failure(.channelDisabled) }
        guard let address = destination.address else { return .failure(.noRecipient) }
        if post.draft.isAutomatic, barred.contains(destination.conversation) { return .failure(.answersAutomatic) }
        return .success(address)
    }

    /// The conversations whose last word from the other side no machine may answer (I17).
    private static func endingInAutomatic(
        _ conversations: [ConversationID],
        of workspace: WorkspaceID,
        on transaction: Transaction
    ) async throws -> Set<ConversationID> {
        let rows = try await transaction.query(
            """
            SELECT v.id FROM unnest(\(conversations.map(\.uuid))) AS v (id) CROSS JOIN LATERAL (
                SELECT m.wants_no_answer FROM messages m
                WHERE m.workspace_id = \(workspace.uuid) AND m.conversation_id = v.id AND m.direction = 'inbound' ORDER BY m.seq DESC LIMIT 1
            ) AS last WHERE last.wants_no_answer
            """
        )
        return Set(try rows.map { ConversationID(try $0.value("id")) })
    }

    private static func deliveries(of posts: [Posted], in workspace: WorkspaceID) -> SQL {
        """
        INSERT INTO deliveries (workspace_id, id, message_id, conversation_id, channel_id, address, created_at)
        SELECT \(workspace.uuid), * FROM unnest(\(posts.map(\.delivery.uuid)), \(posts.map(\.id.uuid)), \(posts.map(\.conversation.uuid)),
            \(posts.map(\.channel.uuid)), \(posts.map(\.address)), \(posts.map(\.createdAt)))
        """
    }

    /// Who answers takes part.
    private static func joining(of posts: [(draft: Draft, posted: Posted)], in workspace: WorkspaceID) -> SQL {
        """
        INSERT INTO participants (workspace_id, conversation_id, id, type, key_id, created_at)
        SELECT \(workspace.uuid), g.conversation_id, g.id, 'key', g.key_id, g.at
        FROM unnest(\(posts.map(\.posted.conversation.uuid)), \(posts.map { ParticipantID.make(at: $0.draft.date).uuid }),
            \(posts.map(\.draft.sender?.uuid)), \(posts.map(\.draft.date))) AS g (conversation_id, id, key_id, at)
        WHERE g.key_id IS NOT NULL ORDER BY g.conversation_id, g.key_id ON CONFLICT (workspace_id, conversation_id, key_id) DO NOTHING
        """
    }
}

extension OutboundStore.Posted {
    fileprivate init(_ post: OutboundStore.Post, address: String) {
        let date = post.draft.date
        self.init(
            id: .make(at: date),
            delivery: .make(at: date),
            conversation: post.destination.conversation,
            channel: post.destination.channel,
            contact: post.destination.contact,
            address: address,
            seq: 0,
            body: post.draft.body,
            isAutomatic: post.draft.isAutomatic,
            state: .queued,
            createdAt: date
        )
    }

    fileprivate func job(in workspace: WorkspaceID) -> JobDraft {
        OutboxPayload(
            workspace: workspace,
            message: self.id,
            delivery: self.delivery,
            conversation: self.conversation,
            channel: self.channel
        ).job()
    }
}
