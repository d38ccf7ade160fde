import Foundation
import Parley
import Postgres
import Testing
import TestSupport

@testable import ParleyServer

@Suite struct ThreadingStatementsTests {
    @Test(.database) func `a first message makes a contact, a conversation, a participant and a message, and tells of each once`()
        async throws
    {
        let bridge = try await Bridge()
        try await bridge.thread([Bridge.text("a", name: "Anna"), Bridge.text("b")])
        #expect(try await bridge.conversations == ["1:a 2:b"])
        #expect(
            try await bridge.events == ["contact.created 1", "conversation.created 1", "message.created 2", "participant.added 1"]
        )
        let names = try await bridge.texts(
            """
            SELECT c.display_name || '/' || i.display_name || '/' || i.proven AS text
            FROM contacts c JOIN identities i ON i.contact_id = c.id
            """
        )
        #expect(names == ["Anna/Anna/provider"])
        let why = try await bridge.texts("SELECT why->>'rule' || ' ' || (why->>'act') AS text FROM messages ORDER BY seq")
        #expect(why == ["address opened", "address joined"])
    }

    @Test(.database) func `what was threaded before is dropped`() async throws {
        let bridge = try await Bridge()
        try await bridge.thread([Bridge.text("a")])
        try await bridge.thread([Bridge.text("a"), Bridge.text("b")])
        #expect(try await bridge.conversations == ["1:a 2:b"])
    }

    @Test(.database, arguments: [true, false])
    func `people whose addresses only differ in their bytes are two, in one batch and in two (I8, I10)`(together: Bool) async throws {
        let bridge = try await Bridge()
        let events = ["caf\u{e9}", "cafe\u{301}"].map { Bridge.text($0, from: $0) }
        for batch in together ? [events] : events.map({ [$0] }) { try await bridge.thread(batch) }
        #expect(try await bridge.conversations.count == 2)
        #expect(try await bridge.count("SELECT count(*) FROM identities") == 2)
        try await bridge.thread(events)
        #expect(try await bridge.count("SELECT count(*) FROM messages") == 2)
    }

    @Test(.database) func `two batches that meet the same new person at once agree on one contact`() async throws {
        let one = try await Bridge()
        let other = try await one.another()
        let plans = [
            try await one.plan([one.item(Bridge.text("a", thread: "T1"))]),
            try await one.plan([one.item(Bridge.text("b", thread: "T2"))]),
            try await other.plan([other.item(Bridge.text("c"))]),
        ]
        try await withThrowingTaskGroup { group in
            for plan in plans { group.addTask { try await one.write(plan) } }
            try await group.waitForAll()
        }
        #expect(try await one.count("SELECT count(*) FROM contacts") == 1)
        #expect(try await one.count("SELECT count(*) FROM identities") == 1)
        #expect(try await one.count("SELECT count(DISTINCT identity_id) FROM messages") == 1)
        #expect(try await one.count("SELECT count(*) FROM participants p JOIN identities i ON i.id = p.identity_id") == 3)
        #expect(try await one.events.contains("contact.created 1"))
        #expect(try await one.conversations.count == 3)
    }

    @Test(.database) func `a conversation somebody opened meanwhile is joined`() async throws {
        let bridge = try await Bridge()
        let early = try await bridge.plan([bridge.item(Bridge.text("a"))])
        let late = try await bridge.plan([bridge.item(Bridge.text("b"), after: 1)])
        try await bridge.write(early)
        try await bridge.write(late)
        #expect(try await bridge.conversations == ["1:a 2:b"])
        #expect(try await bridge.events.contains("conversation.created 1"))
    }

    @Test(.database) func `a conversation somebody ended meanwhile fails the batch wholly, and planned again it opens a new one`()
        async throws
    {
        let bridge = try await Bridge()
        try await bridge.thread([Bridge.text("a")])
        let items = [bridge.item(Bridge.text("b"), after: 1), bridge.item(Bridge.text("c", from: "+15005550102"), after: 1)]
        let plan = try await bridge.plan(items)
        try await bridge.end(try await bridge.conversation(of: "a"))
        let error = await #expect(throws: PostgresError.self) { try await bridge.write(plan) }
        #expect(error?.code == .conversationNotOpen)
        #expect(try await bridge.conversations == ["1:a"])
        try await bridge.write(try await bridge.plan(items))
        #expect(try await bridge.conversations == ["1:a", "1:b", "1:c"])
        let refused = try await bridge.texts("SELECT why->'refused'->0->>'reason' AS text FROM messages WHERE external_id = 'b'")
        #expect(refused == ["ended"])
    }

    @Test(.database, arguments: [(#"{"ended": "new"}"#, ["1:a", "1:b"]), (#"{"ended": "reopen"}"#, ["1:a 2:b"])])
    func `an ended conversation stays ended or opens again, as the channel says`(policy: String, said: [String]) async throws {
        let bridge = try await Bridge(policy: policy)
        try await bridge.thread([Bridge.text("a")])
        try await bridge.end(try await bridge.conversation(of: "a"))
        try await bridge.thread([Bridge.text("b")], after: 1)
        #expect(try await bridge.conversations == said)
        #expect(try await bridge.count("SELECT count(*) FROM conversations WHERE status = 'active' AND ended_at IS NULL") == 1)
    }

    @Test(.database) func `numbers have no gap while batches and posts meet in one conversation`() async throws {
        let bridge = try await Bridge()
        try await bridge.thread([Bridge.text("first")])
        let conversation = ConversationID(try await bridge.conversation(of: "first"))
        try await withThrowingTaskGroup { group in
            group.addTask {
                for batch in 0..<20 { try await bridge.thread([Bridge.text("\(batch)a"), Bridge.text("\(batch)b")], after: Double(batch)) }
            }
            for poster in 0..<4 {
                group.addTask {
                    for number in 0..<10 {
                        let draft = OutboundStore.Draft(Body(text: "\(poster) \(number)"), by: nil)
                        _ = try await bridge.pool.transaction(in: .workspace(bridge.workspace.uuid)) {
                            try await OutboundStore.post(draft, in: conversation, of: bridge.workspace, on: $0)
                        }
                    }
                }
            }
            try await group.waitForAll()
        }
        let numbers = try await bridge.pool.query(
            in: .all,
            "SELECT array_agg(seq ORDER BY seq) AS seqs, max(identity_id::text) AS who FROM messages"
        )
        #expect(try numbers[0].array("seqs") == Array(1...81 as ClosedRange<Int64>))
        #expect(try await bridge.count("SELECT last_seq AS count FROM conversations") == 81)
        #expect(try await bridge.count("SELECT count(DISTINCT identity_id) FROM messages") == 1)
        #expect(try await bridge.count("SELECT count(*) FROM messages WHERE identity_id IS NULL") == 0)
    }

    @Test(.database) func `batches that share conversations in opposite order do not fail one another`() async throws {
        let bridge = try await Bridge()
        let people = (0..<10).map { "+1500555010\($0)" }
        try await bridge.thread(people.map { Bridge.text("first \($0)", from: $0) })
        try await withThrowingTaskGroup { group in
            for run in 0..<6 {
                group.addTask {
                    let order = run.isMultiple(of: 2) ? people : people.reversed()
                    try await bridge.thread(order.map { Bridge.text("\(run) \($0)", from: $0) }, after: 1)
                }
            }
            try await group.waitForAll()
        }
        #expect(try await bridge.count("SELECT count(*) FROM conversations WHERE last_seq = 7") == 10)
    }

    @Test(.database) func `two workspaces with the same numbers and threads never mix`() async throws {
        let one = try await Bridge()
        let other = try await Bridge()
        let events = [Bridge.text("a"), Bridge.text("b", thread: "C1")]
        try await one.write(try await one.plan(events.map { one.item($0) } + events.map { other.item($0) }))
        for bridge in [one, other] {
            #expect(try await bridge.conversations == ["1:a", "1:b"])
            #expect(try await bridge.count("SELECT count(*) FROM contacts") == 1)
            #expect(try await bridge.count("SELECT count(*) FROM events WHERE type = 'message.created'") == 2)
        }
        #expect(try await one.conversation(of: "a") != other.conversation(of: "a"))
    }

    @Test(.database) func `edits and deletions are kept once beside the message, whose own words stay`() async throws {
        let bridge = try await Bridge()
        try await bridge.thread([Bridge.text("a", "as written")])
        let changes: [InboundEvent] = [
            .edit(InboundEdit(externalID: "a", revision: "1", text: "changed")), .deletion(InboundDeletion(externalID: "a")),
        ]
        try await bridge.thread(changes)
        try await bridge.thread(changes)
        let revisions = try await bridge.texts("SELECT kind || ' ' || coalesce(text, '-') AS text FROM message_revisions ORDER BY kind")
        #expect(revisions == ["deletion -", "edit changed"])
        #expect(try await bridge.texts("SELECT body->'text'->>'text' AS text FROM messages") == ["as written"])
        #expect(
            Array(try await bridge.events.filter { $0.hasPrefix("message.") }) == [
                "message.created 1", "message.deleted 1", "message.updated 1",
            ]
        )
        #expect(
            try await bridge.count(
                "SELECT count(*) FROM events WHERE type LIKE 'message.%' AND conversation_id IS NOT NULL AND message_id IS NOT NULL"
            ) == 3
        )
    }

    @Test(.database) func `STOP silences the person until START, and tells of each change once`() async throws {
        let bridge = try await Bridge()
        func stopped() async throws -> Int { try await bridge.count("SELECT count(*) FROM identities WHERE stopped_at IS NOT NULL") }
        try await bridge.thread([Bridge.text("a", optOut: .stop)])
        #expect(try await stopped() == 1)
        try await bridge.thread([Bridge.text("b", optOut: .stop), Bridge.text("c", optOut: .help)])
        #expect(try await stopped() == 1)
        try await bridge.thread([Bridge.text("d", optOut: .start)])
        #expect(try await stopped() == 0)
        #expect(try await bridge.events.contains("contact.updated 2"))
    }

    @Test(.database) func `a new name is kept, a name the contact has already stays`() async throws {
        let bridge = try await Bridge()
        try await bridge.thread([Bridge.text("a")])
        try await bridge.thread([Bridge.text("b", name: "Anna")])
        try await bridge.thread([Bridge.text("c", name: "Mallory")])
        let names = try await bridge.texts(
            "SELECT c.display_name || '/' || i.display_name AS text FROM contacts c JOIN identities i ON i.contact_id = c.id"
        )
        #expect(names == ["Anna/Mallory"])
    }

    @Test(.database) func `an interaction is kept once and makes its person known`() async throws {
        let bridge = try await Bridge()
        let from = Address(space: AddressSpace(rawValue: "sms"), value: "U1")
        let tap = InboundEvent.interaction(Interaction(externalID: "i1", type: "block_actions", from: from, fields: ["value": "4711"]))
        try await bridge.thread([tap])
        try await bridge.thread([tap])
        #expect(try await bridge.texts("SELECT type || ' ' || (fields->>'value') AS text FROM interactions") == ["block_actions 4711"])
        #expect(try await bridge.events == ["contact.created 1", "interaction.created 1"])
    }

    @Test(.database, arguments: [(0.0, "hi", true), (61, "hi", false), (5, "ho", false)])
    func `without an id a repeat within a minute is kept and flagged`(seconds: Double, text: String, isFlagged: Bool) async throws {
        let bridge = try await Bridge()
        try await bridge.thread([Bridge.text(nil, "hi")])
        try await bridge.thread([Bridge.text(nil, text)], after: seconds)
        #expect(try await bridge.count("SELECT count(*) FROM messages") == 2)
        let flagged = try await bridge.count("SELECT count(*) FROM messages WHERE why->>'possibleDuplicateOf' IS NOT NULL")
        #expect(flagged == (isFlagged ? 1 : 0))
    }
}
