import Foundation
import TestSupport
import Testing

@testable import Parley

@Suite struct ThreadingPlanTests {
    let workspace: WorkspaceID
    let channel: ChannelID
    let start = Date(timeIntervalSince1970: 1_770_000_000)
    var ids = MomentIDs(random: SeededGenerator(seed: 1))
    var ledger: Ledger

    init() {
        self.workspace = self.ids.next(at: self.start)
        self.channel = self.ids.next(at: self.start)
        self.ledger = Ledger(policies: [self.channel: ChannelPolicy()])
    }

    func item(_ event: InboundEvent, after seconds: Double = 0, job: Int64 = 1, deferrals: Int = 0) -> ThreadingItem {
        ThreadingItem(
            job: job,
            workspace: self.workspace,
            channel: self.channel,
            event: event,
            receivedAt: self.start.addingTimeInterval(seconds),
            deferrals: deferrals
        )
    }
    static func text(
        _ id: String?,
        from: String = "+15005550101",
        _ text: String = "hi",
        thread: String? = nil,
        name: String? = nil,
        optOut: OptOut? = nil
    ) -> InboundEvent {
        let from = Address(space: AddressSpace(rawValue: thread == nil ? "sms" : "slack:T1"), value: from)
        return .message(InboundMessage(externalID: id, from: from, fromName: name, text: text, thread: thread, optOut: optOut))
    }
    func slot(_ key: String) -> ThreadSlot { ThreadSlot(workspace: self.workspace, channel: self.channel, key: ThreadKey(rawValue: key)) }
    mutating func plan(_ items: [ThreadingItem]) -> ThreadingPlan {
        ThreadingPlan.make(for: items, knowing: self.ledger.knowledge, ids: &self.ids)
    }

    @Test(arguments: [
        ([text("a"), text("b")], ["sms:+15005550101 a b"]),
        ([text("a"), text("b", from: "+15005550102")], ["sms:+15005550101 a", "sms:+15005550102 b"]),
        ([text("a", from: "U1", thread: "C1"), text("b", from: "U2", thread: "C1")], ["thread:C1 a b"]),
        ([text("a", from: "U1", thread: "C1"), text("b", from: "U1", thread: "C2")], ["thread:C1 a", "thread:C2 b"]),
        ([text("a"), text("a")], ["sms:+15005550101 a"]),
        // What PostgreSQL tells apart (I8, I10): Swift's own texts are equal in both spellings of an accent.
        ([text("caf\u{e9}"), text("cafe\u{301}")], ["sms:+15005550101 caf\u{e9} cafe\u{301}"]),
        ([text("a", from: "caf\u{e9}"), text("b", from: "cafe\u{301}")], ["sms:caf\u{e9} a", "sms:cafe\u{301} b"]),
        ([text("a", thread: "caf\u{e9}"), text("b", thread: "cafe\u{301}")], ["thread:caf\u{e9} a", "thread:cafe\u{301} b"]),
    ])
    mutating func `a person or the provider's thread is the conversation`(events: [InboundEvent], said: [String]) {
        _ = self.ledger.work(events.map { self.item($0) }, ids: &self.ids)
        let conversations = self.ledger.threads.values.map { ([$0.slot.key.rawValue] + $0.said).joined(separator: " ") }
        #expect(conversations.sorted() == said)
    }

    @Test mutating func `a new person gets one identity and one contact, whatever the number of messages`() {
        let plan = self.plan([self.item(Self.text("a", name: "Anna")), self.item(Self.text("b", name: "Anna B."))])
        #expect(plan.identities.map(\.name) == ["Anna"])
        #expect(plan.renamings.map(\.name) == ["Anna B."])
        #expect(plan.conversations.count == 1)
        #expect(plan.joinings.count == 1)
        #expect(plan.messages.map(\.why.act) == [.opened, .joined])
    }

    @Test(arguments: [(ChannelPolicy.Ended.new, [["a"], ["b"]]), (.reopen, [["a", "b"]])])
    mutating func `a message to an ended conversation does as the channel says`(ended: ChannelPolicy.Ended, said: [[String]]) {
        self.ledger.policies[self.channel] = ChannelPolicy(ended: ended)
        let slot = self.slot("sms:+15005550101")
        _ = self.ledger.work([self.item(Self.text("a"))], ids: &self.ids)
        self.ledger.end(slot)
        let plan = self.plan([self.item(Self.text("b"))])
        _ = self.ledger.work([self.item(Self.text("b"))], ids: &self.ids)
        #expect(self.ledger.outcome.conversations[slot]?.map(\.said) == said)
        #expect(plan.messages[0].why.act == (ended == .new ? .opened : .reopened))
        #expect(plan.messages[0].why.refused.map(\.reason) == (ended == .new ? ["ended"] : []))
    }

    @Test mutating func `a message that is kept already is dropped and counted`() {
        _ = self.ledger.work([self.item(Self.text("a"))], ids: &self.ids)
        let plan = self.plan([self.item(Self.text("a")), self.item(Self.text("b")), self.item(Self.text("b"))])
        #expect(plan.messages.map(\.externalID) == ["b"])
        #expect(plan.duplicates == 2)
    }

    @Test(arguments: [(0.0, "hi", true), (60, "hi", true), (61, "hi", false), (5, "ho", false)])
    mutating func `without an id a repeat within a minute is kept and flagged`(seconds: Double, text: String, isFlagged: Bool) {
        let first = self.item(Self.text(nil))
        let second = self.item(Self.text(nil, text), after: seconds)
        let together = self.plan([first, second])
        _ = self.ledger.work([first], ids: &self.ids)
        let apart = self.plan([second])
        #expect(together.messages.count == 2)
        #expect((together.messages[1].why.possibleDuplicateOf == together.messages[0].id) == isFlagged)
        #expect((apart.messages[0].why.possibleDuplicateOf != nil) == isFlagged)
    }

    @Test mutating func `an edit that stands before its message in the batch still finds it`() {
        let edit = InboundEvent.edit(InboundEdit(externalID: "a", revision: "1", text: "ho"))
        let plan = self.plan([self.item(edit), self.item(Self.text("a"))])
        #expect(plan.revisions.map(\.message) == plan.messages.map(\.id))
        #expect(plan.deferrals.isEmpty)
    }

    @Test(arguments: [(0, 1, 0), (ThreadingPlan.deferralLimit - 1, 1, 0), (ThreadingPlan.deferralLimit, 0, 1)])
    mutating func `a change whose message never comes waits a few times, then counts as orphan`(tries: Int, deferred: Int, orphans: Int) {
        let plan = self.plan([self.item(.deletion(InboundDeletion(externalID: "a")), deferrals: tries)])
        #expect(plan.deferrals.count == deferred)
        #expect(plan.orphans == orphans)
        #expect(plan.revisions.isEmpty)
    }

    @Test(arguments: [([OptOut.stop], [true]), ([.stop, .start], [false]), ([.start, .stop], [true]), ([.help], [])])
    mutating func `the last of STOP and START in a batch counts, HELP changes nothing`(wishes: [OptOut], stopped: [Bool]) {
        let plan = self.plan(wishes.enumerated().map { self.item(Self.text("\($0.offset)", optOut: $0.element)) })
        #expect(plan.optOuts.map(\.isStopped) == stopped)
        #expect(plan.messages.count == wishes.count)
    }

    @Test mutating func `an interaction makes its person known and no conversation`() {
        let from = Address(space: AddressSpace(rawValue: "slack:T1"), value: "U1")
        let tap = Interaction(externalID: "i1", type: "block_actions", from: from, fields: ["value": "order-4711"])
        let plan = self.plan([self.item(.interaction(tap))])
        #expect(plan.interactions.map(\.fields) == [["value": "order-4711"]])
        #expect(plan.identities.map(\.person.address) == [from])
        #expect(plan.conversations.isEmpty)
    }

    @Test mutating func `receipts are passed on as they came`() {
        let receipt = Receipt(externalID: "SM1", status: .delivered)
        #expect(self.plan([self.item(.receipt(receipt))]).receipts.map(\.receipt) == [receipt])
    }

    @Test(arguments: ["", "a\0b", String(repeating: "x", count: 1_001)])
    mutating func `what no row could hold refuses its own job, wholly, and no other`(id: String) {
        let plan = self.plan([
            self.item(Self.text("good", "same job"), job: 1), self.item(Self.text(id), job: 1), self.item(Self.text("b"), job: 2),
        ])
        #expect(plan.refusals == [1: "bad_identifier"])
        #expect(plan.messages.map(\.externalID) == ["b"])
    }

    @Test mutating func `events of a channel that is gone are refused`() {
        self.ledger.policies = [:]
        #expect(self.plan([self.item(Self.text("a"))]).refusals == [1: "channel_gone"])
    }

    @Test mutating func `a NUL in what somebody wrote is replaced, the message kept`() {
        #expect(self.plan([self.item(Self.text("a", "x\0y"))]).messages.map(\.body.text) == ["x\u{FFFD}y"])
    }

    @Test mutating func `ids of one moment sort in the order they were made`() {
        let messages = (0..<50).map { self.item(Self.text("\($0)")) }
        let made = self.plan(messages).messages.map(\.id.description)
        #expect(made == made.sorted())
    }

    @Test(arguments: [
        Body(text: "hi"),
        Body(
            text: "",
            media: [Media(url: "https://a.test/x", contentType: "image/png", filename: "x.png", size: 3), Media(url: "https://a.test/y")]
        ),
        Body(text: "pick", buttons: [Button(title: "Yes", value: "y"), Button(title: "Shop", url: "https://a.test")]),
    ])
    func `a body survives its JSON`(body: Body) throws {
        #expect(Body(json: try JSON(parsing: Array(body.json.text.utf8))) == body)
    }
}
