import Foundation
package import Parley
package import Postgres

/// Everything a batch mentions, asked for in one round trip.
///
/// Each look-up is a lateral one over the given rows, so it goes by index whatever the planner believes of the tables' sizes.
package struct ThreadingLookup: Sendable {
    private let channels: [ChannelID: WorkspaceID]
    private let people: [Person]
    private let slots: [ThreadSlot]
    private let subjects: [ExternalMessage]
    private let unnamed: [ThreadingItem]
    private let mail: MailLookup

    /// - Parameter items: what has unusable identifiers is left out: it will be refused, and could not be asked for.
    package init(_ items: [ThreadingItem]) {
        let items = items.filter(\.hasUsableIdentifiers)
        self.channels = Dictionary(items.map { ($0.channel, $0.workspace) }) { first, _ in first }
        self.people = Array(Set(items.compactMap(\.person)))
        self.slots = Array(Set(items.compactMap(\.slot)))
        self.subjects = Array(Set(items.compactMap(\.subject)))
        self.unnamed = items.filter { $0.fingerprint != nil }
        self.mail = MailLookup(items)
    }

    package var statements: [SQL] {
        let channels = self.channels.sorted { $0.key.uuid < $1.key.uuid }
        return [
            """
            SELECT g.id, c.policy FROM unnest(\(channels.map(\.value.uuid)), \(channels.map(\.key.uuid))) AS g (workspace_id, id)
            CROSS JOIN LATERAL (SELECT c.policy FROM channels c
                WHERE c.workspace_id = g.workspace_id AND c.id = g.id LIMIT 1) c
            """,
            """
            SELECT g.position, i.display_name FROM unnest(
                \(self.people.map(\.workspace.uuid)), \(self.people.map(\.address.space.rawValue)), \(self.people.map(\.address.value))
            ) WITH ORDINALITY AS g (workspace_id, space, address, position)
            CROSS JOIN LATERAL (SELECT i.display_name FROM identities i
                WHERE i.workspace_id = g.workspace_id AND i.space = g.space AND i.address = g.address LIMIT 1) i
            """,
            """
            SELECT g.position, o.id AS open, e.id AS ended FROM unnest(
                \(self.slots.map(\.workspace.uuid)), \(self.slots.map(\.channel.uuid)), \(self.slots.map(\.key.rawValue))
            ) WITH ORDINALITY AS g (workspace_id, channel_id, thread_key, position)
            LEFT JOIN LATERAL (SELECT c.id FROM conversations c WHERE c.workspace_id = g.workspace_id AND c.channel_id = g.channel_id
                AND c.thread_key = g.thread_key AND c.status = 'active' LIMIT 1) o ON true
            LEFT JOIN LATERAL (SELECT c.id FROM conversations c WHERE c.workspace_id = g.workspace_id AND c.channel_id = g.channel_id
                AND c.thread_key = g.thread_key AND c.status = 'ended' ORDER BY c.id DESC LIMIT 1) e ON true
            """,
            """
            SELECT g.position, m.id FROM unnest(
                \(self.subjects.map(\.workspace.uuid)), \(self.subjects.map(\.channel.uuid)), \(self.subjects.map(\.id))
            ) WITH ORDINALITY AS g (workspace_id, channel_id, external_id, position)
            CROSS JOIN LATERAL (SELECT m.id FROM messages m WHERE m.workspace_id = g.workspace_id AND m.channel_id = g.channel_id
                AND m.external_id = g.external_id LIMIT 1) m
            """,
            self.lookalikes,
        ] + self.mail.statements
    }

    /// Messages without an id, of the same sender in the same channel, that say the same: a day is looked back, as ids sort by time.
    private var lookalikes: SQL {
        let rows = self.unnamed.map { ($0, $0.fingerprint!) }
        return """
            SELECT g.position, m.id, m.moment FROM unnest(
                \(rows.map(\.0.workspace.uuid)), \(rows.map(\.1.person.address.space.rawValue)), \(rows.map(\.1.person.address.value)),
                \(rows.map(\.0.channel.uuid)), \(rows.map(\.0.dayBefore)), \(rows.map { JSONText($0.1.body) }),
                \(rows.map(\.0.moment))
            ) WITH ORDINALITY AS g (workspace_id, space, address, channel_id, since, body, moment, position)
            CROSS JOIN LATERAL (SELECT i.id FROM identities i
                WHERE i.workspace_id = g.workspace_id AND i.space = g.space AND i.address = g.address LIMIT 1) i
            CROSS JOIN LATERAL (SELECT m.id, coalesce(m.sent_at, m.created_at) AS moment FROM messages m
                WHERE m.workspace_id = g.workspace_id AND m.identity_id = i.id AND m.id >= g.since AND m.channel_id = g.channel_id
                    AND m.direction = 'inbound' AND m.external_id IS NULL AND m.body = g.body
                    AND coalesce(m.sent_at, m.created_at) BETWEEN g.moment - interval '1 minute' AND g.moment + interval '1 minute'
                ORDER BY m.id LIMIT 1) m
            """
    }

    /// - Parameter answers: the rows of `statements`, in their order.
    package func knowledge(from answers: [[Row]]) throws(PostgresError) -> ThreadingKnowledge {
        var known = ThreadingKnowledge()
        for row in answers[0] {
            // One that cannot be read must not hold up what came over the other channels.
            known.policies[ChannelID(try row.value("id"))] = (try? ChannelPolicy(row)) ?? ChannelPolicy()
        }
        for row in answers[1] { known.names[self.people[try Self.index(row)]] = .some(try row.optional("display_name")) }
        for row in answers[2] {
            known.threads[self.slots[try Self.index(row)]] = ThreadingKnowledge.Thread(
                open: try row.optional("open").map(ConversationID.init),
                ended: try row.optional("ended").map(ConversationID.init)
            )
        }
        for row in answers[3] { known.messages[self.subjects[try Self.index(row)]] = MessageID(try row.value("id")) }
        for row in answers[4] {
            guard let fingerprint = self.unnamed[try Self.index(row)].fingerprint else { continue }
            known.lookalikes[fingerprint, default: []].append(
                ThreadingKnowledge.Lookalike(message: MessageID(try row.value("id")), moment: try row.value("moment"))
            )
        }
        known.mail = try self.mail.knowledge(from: answers.dropFirst(5))
        return known
    }

    private static func index(_ row: Row) throws(PostgresError) -> Int { Int(try row.value("position", as: Int64.self)) - 1 }
}

extension ThreadingItem {
    /// The lowest id a message can have that came less than a day before this one.
    fileprivate var dayBefore: UUID { .lowest(at: self.receivedAt.addingTimeInterval(-86_400)) }
}
