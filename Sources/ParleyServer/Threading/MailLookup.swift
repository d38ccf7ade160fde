import Foundation
import Parley
import Postgres

/// What a batch's mails may belong to: a part of `ThreadingLookup`, with nothing to ask when there is no mail.
struct MailLookup: Sendable {
    private let references: [ExternalMessage]
    private let tokens: [(workspace: WorkspaceID, conversation: ConversationID)]
    private let senders: [(slot: MailKnowledge.SubjectSlot, receivedAt: Date)]

    init(_ items: [ThreadingItem]) {
        let mails = items.filter { $0.mail != nil }
        self.references = Array(Set(mails.flatMap(\.mailReferences)))
        self.tokens = mails.compactMap { item in item.mail?.token.map { (item.workspace, $0.conversation) } }
        var seen: [MailKnowledge.SubjectSlot: Date] = [:]
        for item in mails {
            guard let slot = item.subjectSlot else { continue }
            seen[slot] = max(seen[slot] ?? item.receivedAt, item.receivedAt)
        }
        self.senders = seen.map { ($0.key, $0.value) }
    }

    var statements: [SQL] {
        guard !self.senders.isEmpty else { return [] }
        return [
            "SELECT * FROM (\(self.named)) n",
            "SELECT * FROM (\(self.titled)) t",
            // Families whole: whoever is named leads to its root, and from there to all that are linked to it.
            """
            WITH lead AS (
                SELECT workspace_id, conversation_id FROM (\(self.named)) n UNION SELECT workspace_id, conversation_id FROM (\(self.titled)) t
                UNION SELECT * FROM unnest(\(self.tokens.map(\.workspace.uuid)), \(self.tokens.map(\.conversation.uuid)))
            ), root AS (
                SELECT DISTINCT c.workspace_id, c.root FROM lead l CROSS JOIN LATERAL (
                    SELECT c.workspace_id, coalesce(c.linked_to, c.id) AS root FROM conversations c
                    WHERE c.workspace_id = l.workspace_id AND c.id = l.conversation_id OFFSET 0
                ) c
            ), family AS (
                SELECT r.workspace_id, r.root, r.root AS id FROM root r
                UNION ALL
                SELECT r.workspace_id, r.root, c.id FROM root r CROSS JOIN LATERAL (
                    SELECT c.id FROM conversations c WHERE c.workspace_id = r.workspace_id AND c.linked_to = r.root ORDER BY c.id DESC LIMIT 200
                ) c
            )
            SELECT f.root, c.id, c.channel_id, c.status, (
                SELECT coalesce(json_agg(json_build_array(i.space, i.address)), '[]')::text FROM (
                    SELECT c.identity_id AS id UNION
                    SELECT p.identity_id FROM participants p
                    WHERE p.workspace_id = c.workspace_id AND p.conversation_id = c.id AND p.status = 'active'
                ) m CROSS JOIN LATERAL (
                    SELECT i.space, i.address FROM identities i WHERE i.workspace_id = c.workspace_id AND i.id = m.id OFFSET 0
                ) i
            ) AS members
            FROM family f CROSS JOIN LATERAL (
                SELECT c.* FROM conversations c WHERE c.workspace_id = f.workspace_id AND c.id = f.id OFFSET 0
            ) c
            """,
            """
            SELECT g.position, (SELECT count(*) FROM messages m WHERE m.workspace_id = g.workspace_id AND m.identity_id = i.id
                AND m.id >= g.since AND m.direction = 'inbound' AND m.channel_id = g.channel_id) AS count
            FROM (\(self.given)) g CROSS JOIN LATERAL (SELECT i.id FROM identities i
                WHERE i.workspace_id = g.workspace_id AND i.space = g.space AND i.address = g.address LIMIT 1) i
            """,
        ]
    }

    private var given: SQL {
        """
        SELECT * FROM unnest(
            \(self.senders.map(\.slot.person.workspace.uuid)), \(self.senders.map(\.slot.channel.uuid)),
            \(self.senders.map(\.slot.person.address.space.rawValue)), \(self.senders.map(\.slot.person.address.value)),
            \(self.senders.map(\.slot.subject)), \(self.senders.map(\.receivedAt)),
            \(self.senders.map { UUID.lowest(at: $0.receivedAt.addingTimeInterval(-600)) })
        ) WITH ORDINALITY AS g (workspace_id, channel_id, space, address, subject, at, since, position)
        """
    }

    private var named: SQL {
        """
        SELECT g.workspace_id, g.position, r.conversation_id FROM unnest(
            \(self.references.map(\.workspace.uuid)), \(self.references.map(\.channel.uuid)), \(self.references.map(\.id))
        ) WITH ORDINALITY AS g (workspace_id, channel_id, reference, position)
        CROSS JOIN LATERAL (SELECT r.conversation_id FROM thread_references r
            WHERE r.workspace_id = g.workspace_id AND r.channel_id = g.channel_id AND r.reference = g.reference LIMIT 1) r
        """
    }

    /// The sender's last conversation of the subject, if the channel allows and it is fresh enough.
    private var titled: SQL {
        """
        SELECT g.workspace_id, g.position, c.id AS conversation_id FROM (\(self.given)) g
        CROSS JOIN LATERAL (SELECT coalesce((c.policy->>'joinSubjectWithinDays')::int, \(ChannelPolicy().joinSubjectWithinDays)) AS days
            FROM channels c WHERE c.workspace_id = g.workspace_id AND c.id = g.channel_id OFFSET 0) p
        CROSS JOIN LATERAL (SELECT i.id FROM identities i
            WHERE i.workspace_id = g.workspace_id AND i.space = g.space AND i.address = g.address LIMIT 1) i
        CROSS JOIN LATERAL (
            SELECT c.id, c.updated_at FROM conversations c WHERE c.workspace_id = g.workspace_id AND c.identity_id = i.id
                AND c.channel_id = g.channel_id AND c.base_subject = g.subject ORDER BY c.id DESC LIMIT 1
        ) c WHERE p.days > 0 AND g.subject <> '' AND c.updated_at > g.at - p.days * interval '1 day'
        """
    }

    /// - Parameter answers: the rows of `statements`, in their order.
    func knowledge(from answers: ArraySlice<[Row]>) throws(PostgresError) -> MailKnowledge {
        var known = MailKnowledge()
        guard answers.count == 4 else { return known }
        let answers = Array(answers)
        func position(_ row: Row) throws(PostgresError) -> Int { Int(try row.value("position", as: Int64.self)) - 1 }
        for row in answers[0] { known.references[self.references[try position(row)]] = ConversationID(try row.value("conversation_id")) }
        for row in answers[1] { known.subjects[self.senders[try position(row)].slot] = ConversationID(try row.value("conversation_id")) }
        for row in answers[2] {
            let members = (try? JSON(parsing: row.value("members", as: String.self)))?.array ?? []
            known.conversations[ConversationID(try row.value("id"))] = MailKnowledge.Conversation(
                channel: ChannelID(try row.value("channel_id")),
                root: ConversationID(try row.value("root")),
                isOpen: try row.value("status", as: ConversationStatus.self) == .active,
                members: Set(
                    members.compactMap { pair in
                        guard let pair = pair.array, pair.count == 2, let space = pair[0].string, let value = pair[1].string else {
                            return nil
                        }
                        return Address(space: AddressSpace(rawValue: space), value: value)
                    }
                )
            )
        }
        for row in answers[3] {
            var slot = self.senders[try position(row)].slot
            slot.subject = ""
            known.recent[slot] = Int(try row.value("count", as: Int64.self))
        }
        return known
    }
}

extension UUID {
    /// The lowest UUIDv7 of a moment: ids made since are not below it.
    static func lowest(at date: Date) -> UUID {
        struct Zeroes: RandomNumberGenerator { func next() -> UInt64 { 0 } }
        var zeroes = Zeroes()
        return .version7(at: date, using: &zeroes)
    }
}
