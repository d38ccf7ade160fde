import Foundation
import Parley
import Postgres
import Queue

extension Operator {
    /// How each queue stands.
    package func queues() async throws -> Listing {
        var rows: [JSON] = []
        for queue in QueueName.allCases {
            let shape = try await self.shape(of: queue)
            rows.append([
                "queue": .string(queue.rawValue), "jobs": .integer(shape.depth), "waiting": .integer(shape.waiting),
                "held": .integer(shape.held), "dead": .integer(shape.dead), "oldest": Self.seconds(shape.oldestAge),
                "lanes": .integer(shape.lanes.count { $0.owner != nil }),
            ])
        }
        return Listing(columns: ["queue", "jobs", "waiting", "held", "dead", "oldest", "lanes"], rows: rows)
    }

    /// The names that a person may give, as `inbox, media, outbox`.
    package static let queueNames = QueueName.allCases.map(\.rawValue).joined(separator: ", ")

    /// Who owns which lanes of a queue, and how much waits in them.
    package func lanes(of queue: String) async throws -> Listing {
        let rows = try await self.shape(of: try Self.queue(queue)).lanes.map { lane -> JSON in
            [
                "lane": .integer(lane.lane), "owner": lane.ownerName.map(JSON.string) ?? .null, "epoch": .integer(lane.epoch),
                "leaseLeft": Self.seconds(lane.remaining), "jobs": .integer(lane.depth),
            ]
        }
        return Listing(columns: ["lane", "owner", "epoch", "leaseLeft", "jobs"], rows: rows)
    }

    /// What of a workspace needs a person: messages that are held or whose fate nobody knows, and dead letters.
    ///
    /// - Parameter limit: of each, 1 to 10,000.
    package func stuck(workspace: String, limit: Int) async throws -> Listing {
        guard 1...10_000 ~= limit else { throw ProcessFailure.usage("--limit must be 1 to 10000") }
        let workspace = try await self.workspace(workspace)
        let (held, letters) = try await self.pool.transaction(in: .workspace(workspace.id.uuid)) { transaction in
            (
                try await DeliveryActs.stuck(in: workspace.id, limit: limit, on: transaction),
                try await QueueAdmin().deadLetters(of: workspace.id.uuid, limit: limit, in: transaction)
            )
        }
        let deliveries = held.map { stuck -> JSON in
            [
                "id": .string(stuck.delivery.description), "what": .string("\(stuck.state.rawValue) message"),
                "reason": stuck.reason.map(JSON.string) ?? .null, "since": .moment(stuck.updatedAt),
                "conversationId": .string(stuck.conversation.description), "messageId": .string(stuck.message.description),
            ]
        }
        let dead = letters.map { letter -> JSON in
            [
                "id": .string(letter.id.uuidString.lowercased()), "what": .string("dead \(letter.queue.rawValue) job"),
                "reason": .string(letter.reason), "since": .moment(letter.diedAt), "key": .string(letter.key),
                "failures": .array(letter.failures.map { ["at": .string($0.at), "reason": .string($0.reason)] }),
            ]
        }
        return Listing(columns: ["id", "what", "reason", "since"], rows: deliveries + dead)
    }

    /// Puts dead letters back into their queues.
    package func retry(_ id: String, workspace: String) async throws {
        let (id, workspace) = (try Self.uuid(id), try await self.workspace(workspace))
        try await self.change(in: workspace.id) { [actor] transaction in
            let name = id.uuidString.lowercased()
            guard let letter = try await QueueAdmin().deadLetter(id, of: workspace.id.uuid, in: transaction),
                try await QueueAdmin().retry(id, of: workspace.id.uuid, in: transaction)
            else { throw ProcessFailure.failed("there is no dead letter \(name): see `parley queue show --workspace`") }
            let entry = AuditEntry(
                actor: actor,
                action: .deadLetterRetry,
                target: "dead-letter:\(name)",
                before: letter.json,
                after: letter.retried
            )
            return ((), entry)
        }
    }

    /// Lets a held message go.
    package func release(_ id: String, workspace: String) async throws {
        let (id, workspace) = (DeliveryID(try Self.uuid(id)), try await self.workspace(workspace))
        try await self.act(on: id, of: workspace.id, .deliveryRelease, DeliveryActs.release)
    }

    /// Forgets a dead letter, or calls a message off that has not left.
    package func drop(_ id: String, workspace: String) async throws {
        let (id, workspace) = (try Self.uuid(id), try await self.workspace(workspace))
        let wasLetter = try await self.pool.transaction(in: .workspace(workspace.id.uuid)) { [actor] transaction in
            guard let letter = try await QueueAdmin().deadLetter(id, of: workspace.id.uuid, in: transaction),
                try await QueueAdmin().drop(id, of: workspace.id.uuid, in: transaction)
            else { return false }
            let entry = AuditEntry(
                actor: actor,
                action: .deadLetterDrop,
                target: "dead-letter:\(id.uuidString.lowercased())",
                before: letter.json
            )
            _ = try await transaction.query(entry.insertion(in: workspace.id))
            return true
        }
        if wasLetter { return }
        try await self.act(on: DeliveryID(id), of: workspace.id, .deliveryCancel, DeliveryActs.cancel)
    }

    /// Holds what a conversation has waiting to leave over its channel, and what comes behind it.
    ///
    /// - Returns: how many jobs.
    package func hold(conversation: String, workspace: String) async throws -> Int {
        try await self.change(conversation, workspace, toHeld: true)
    }

    /// Lets it go again.
    ///
    /// - Returns: how many jobs.
    package func release(conversation: String, workspace: String) async throws -> Int {
        try await self.change(conversation, workspace, toHeld: false)
    }

    private func change(_ conversation: String, _ workspace: String, toHeld held: Bool) async throws -> Int {
        let (conversation, workspace) = (ConversationID(try Self.uuid(conversation)), try await self.workspace(workspace))
        return try await self.change(in: workspace.id) { [actor] transaction in
            let rows = try await transaction.query(
                "SELECT channel_id FROM conversations WHERE workspace_id = \(workspace.id.uuid) AND id = \(conversation.uuid)"
            )
            guard let channel = try rows.first?.value("channel_id", as: UUID.self) else {
                throw ProcessFailure.failed("there is no conversation \(conversation) in \(workspace.name)")
            }
            let jobs = QueueAdmin.Selection.key(OutboxPayload.orderingKey(of: conversation, over: ChannelID(channel)))
            let count =
                held
                ? try await QueueAdmin().hold(jobs, in: .outbox, transaction)
                : try await QueueAdmin().release(jobs, in: .outbox, transaction)
            let entry = AuditEntry(
                actor: actor,
                action: held ? .conversationHold : .conversationRelease,
                target: "conversation:\(conversation)",
                before: ["jobs": .integer(count), "held": .bool(!held)],
                after: ["jobs": .integer(count), "held": .bool(held)]
            )
            return (count, entry)
        }
    }

    private func shape(of queue: QueueName) async throws -> QueueShape {
        try await self.pool.transaction(in: .all) { try await QueueAdmin().shape(of: queue, in: $0) }
    }

    private static func queue(_ name: String) throws -> QueueName {
        guard let queue = QueueName.allCases.first(where: { $0.rawValue == name }) else {
            throw ProcessFailure.usage("there is no queue \(name): choose from \(Self.queueNames)")
        }
        return queue
    }

    private static func uuid(_ text: String) throws -> UUID {
        guard let id = UUID(uuidString: text) else { throw ProcessFailure.usage("\(text) is no id: see `parley queue show --workspace`") }
        return id
    }

    private static func seconds(_ duration: Duration?) -> JSON {
        duration.map { .string($0.formatted(.units(allowed: [.days, .hours, .minutes, .seconds], width: .narrow))) } ?? .null
    }

    private func act(
        on delivery: DeliveryID,
        of workspace: WorkspaceID,
        _ action: AuditAction,
        _ act: @escaping DeliveryActs.Act
    ) async throws {
        do {
            try await self.change(in: workspace) { [actor] transaction in
                let (before, after) = try await DeliveryActs.watching(delivery, in: workspace, on: transaction, act)
                let entry = AuditEntry(
                    actor: actor,
                    action: action,
                    target: "delivery:\(delivery)",
                    before: before?.auditable,
                    after: after?.auditable
                )
                return ((), entry)
            }
        } catch let refusal as DeliveryActs.Refusal {
            switch refusal {
            case .notFound: throw ProcessFailure.failed("there is no such message or dead letter: see `parley queue show --workspace`")
            case .alreadyOver: throw ProcessFailure.failed("the message is over: nothing waits to be let go or called off")
            case .inFlight: throw ProcessFailure.failed("a request is on its way just now: try again in a minute")
            }
        }
    }
}
