import Foundation
import Parley
import Postgres
import Testing
import TestSupport

@testable import ParleyServer

/// What the planner's own tests show on a model, shown on the database: the look-ups find what the statements wrote.
@Suite struct MailStatementsTests {
    private static func mail(
        _ id: String,
        from: String = "anna",
        answering references: [String] = [],
        subject: String = "offer",
        isReply: Bool = false,
        token: ReplyToken? = nil
    ) -> InboundEvent {
        .message(
            InboundMessage(
                externalID: id,
                from: Address(space: AddressSpace(rawValue: "email"), value: "\(from)@\(from).test"),
                text: id,
                subject: subject,
                mail: MailThreading(
                    messageID: "<\(id)>",
                    references: references.map { "<\($0)>" },
                    token: token,
                    subject: subject,
                    isReply: isReply
                )
            )
        )
    }
    /// By conversation, with the conversation it is linked to: `a1 a3`, `a2 → a1 a3`.
    private static func threads(of bridge: Bridge) async throws -> [String] {
        try await bridge.texts(
            """
            WITH said AS (
                SELECT conversation_id AS id, string_agg(external_id, ' ' ORDER BY seq) AS said FROM messages GROUP BY 1
            )
            SELECT s.said || coalesce(' → ' || (SELECT r.said FROM said r WHERE r.id = c.linked_to), '')
                || CASE WHEN c.flags = '{}' THEN '' ELSE ' !' || array_to_string(c.flags, ',') END AS text
            FROM conversations c JOIN said s ON s.id = c.id ORDER BY s.said
            """
        )
    }

    @Test(.database) func `mails in batches of one are threaded as in one batch`() async throws {
        let mails = [
            Self.mail("a2", answering: ["a1"]), Self.mail("a1"), Self.mail("t1", from: "tom", answering: ["a2"]),
            Self.mail("t2", from: "tom", answering: ["a1"]), Self.mail("a3", subject: "offer", isReply: true),
            Self.mail("e1", from: "eve", subject: "offer", isReply: true), Self.mail("b1", subject: "other"),
            Self.mail("c1", subject: "third"), Self.mail("b2", answering: ["c1", "b1"], subject: "x"), Self.mail("a1"),
        ]
        let expected = ["a2 a1 a3", "b1 → c1 b2", "c1 b2", "e1", "t1 t2 → a2 a1 a3 !sender_mismatch"]
        let whole = try await Bridge()
        try await whole.thread(mails)
        #expect(try await Self.threads(of: whole) == expected)
        let single = try await whole.another()
        let before = try await Self.threads(of: single)
        for mail in mails { try await single.thread([mail]) }
        #expect(try await Self.threads(of: single).count == before.count + expected.count)
        #expect(Set(try await Self.threads(of: single)) == Set(expected))
    }

    @Test(.database) func `a token leads to its conversation only within its channel and for its person`() async throws {
        let bridge = try await Bridge()
        try await bridge.thread([Self.mail("a1")])
        let token = ReplyToken(conversation: ConversationID(try await bridge.conversation(of: "a1")))
        try await bridge.thread([Self.mail("a2", token: token), Self.mail("e1", from: "eve", token: token)])
        let other = try await bridge.another()
        try await other.thread([Self.mail("a9", subject: "", token: token)])
        #expect(try await Self.threads(of: bridge) == ["a1 a2", "a9", "e1 → a1 a2 !sender_mismatch"])
    }

    @Test(.database) func `a subject older than the channel allows joins nothing`() async throws {
        let bridge = try await Bridge(policy: #"{"joinSubjectWithinDays": 1}"#)
        try await bridge.thread([Self.mail("a1")])
        let never = try await bridge.another(policy: #"{"joinSubjectWithinDays": 0}"#)
        try await never.thread([Self.mail("n1")])
        try await never.thread([Self.mail("n2", isReply: true)])
        _ = try await bridge.pool.query(
            in: .all,
            "UPDATE conversations SET updated_at = \(Bridge.start) WHERE channel_id = \(bridge.channel.uuid)"
        )
        try await bridge.thread([Self.mail("a2", isReply: true)], after: 3_600)
        try await bridge.thread([Self.mail("a3", isReply: true)], after: 100_000)
        #expect(try await Self.threads(of: bridge) == ["a1 a2 a3", "n1", "n2"])
        _ = try await bridge.pool.query(
            in: .all,
            "UPDATE conversations SET updated_at = \(Bridge.start) WHERE channel_id = \(bridge.channel.uuid)"
        )
        try await bridge.thread([Self.mail("a4", isReply: true)], after: 100_000)
        #expect(try await Self.threads(of: bridge) == ["a1 a2 a3", "a4", "n1", "n2"])
    }

    @Test(.database) func `a stranger whom the channel lets in stays pending, whatever else comes of them`() async throws {
        let bridge = try await Bridge(policy: #"{"strangers": "join"}"#)
        try await bridge.thread([Self.mail("a1")])
        try await bridge.thread([Self.mail("e1", from: "eve", answering: ["a1"])])
        try await bridge.thread([Self.mail("e2", from: "eve", answering: ["e1"])], after: 60)
        #expect(try await Self.threads(of: bridge) == ["a1 e1 e2"])
        #expect(try await bridge.texts("SELECT status AS text FROM participants ORDER BY status") == ["active", "pending"])
    }

    @Test(.database) func `each mail that we begin is a conversation of its own, and answers find it`() async throws {
        let bridge = try await Bridge()
        let anna = Address(space: .email, value: "anna@anna.test")
        var begun: [ConversationID] = []
        for subject in ["Offer", "Invoice"] {
            let body = Body(text: subject, subject: subject)
            let posted = try await bridge.pool.transaction(in: .workspace(bridge.workspace.uuid)) {
                try await OutboundStore.start(.init(body, by: nil), to: anna, over: bridge.channel, of: bridge.workspace, on: $0)
            }
            begun.append(posted.conversation)
        }
        #expect(Set(begun).count == 2)
        try await bridge.thread([
            Self.mail("a1", token: ReplyToken(conversation: begun[0])), Self.mail("a2", subject: "invoice", isReply: true),
        ])
        #expect(try await bridge.conversation(of: "a1") == begun[0].uuid)
        #expect(try await bridge.conversation(of: "a2") == begun[1].uuid)
    }
}
