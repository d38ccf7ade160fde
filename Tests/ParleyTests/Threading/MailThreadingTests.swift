import Foundation
import TestSupport
import Testing

@testable import Parley

/// A mail in a word: `anna:a2<a1` is Anna's `a2`, which answers `a1`; `anna:s2 Re Offer` has no references and a reply's subject.
private struct Note {
    var id: String
    var event: InboundEvent

    init(_ text: String, token: ReplyToken? = nil, authentication: MailAuthentication = .none) {
        let words = text.split(separator: " ").map(String.init)
        let head = words[0].split(separator: ":").map(String.init)
        let ids = head[1].split(separator: "<").map(String.init)
        self.id = ids[0]
        let subject = words.dropFirst().drop { $0 == "Re" }.joined(separator: " ").lowercased()
        let mail = MailThreading(
            messageID: "<\(ids[0])>",
            references: ids.dropFirst().map { "<\($0)>" },
            token: token,
            subject: subject,
            isReply: words.dropFirst().first == "Re",
            authentication: authentication
        )
        let from = Address(space: AddressSpace(rawValue: "email"), value: "\(head[0])@\(head[0]).test")
        self.event = .message(InboundMessage(externalID: ids[0], from: from, text: text, mail: mail))
    }
}

@Suite struct MailThreadingTests {
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

    private func items(_ notes: [Note]) -> [ThreadingItem] {
        notes.enumerated().map { index, note in
            let at = self.start.addingTimeInterval(Double(index))
            return ThreadingItem(job: Int64(index), workspace: self.workspace, channel: self.channel, event: note.event, receivedAt: at)
        }
    }
    /// What each conversation says, and after `|` what those beside it say.
    private var families: Set<String> {
        let roots = Dictionary(grouping: self.ledger.threads, by: { $0.value.linkedTo ?? $0.key })
        return Set(
            roots.map { root, family in
                let first = family.first { $0.key == root }!.value.said.joined(separator: " ")
                return ([first] + family.filter { $0.key != root }.map { $0.value.said.joined(separator: " ") }.sorted()).joined(
                    separator: "|"
                )
            }
        )
    }
    private func conversation(saying id: String) -> ConversationID { self.ledger.threads.first { $0.value.said.contains(id) }!.key }

    @Test(arguments: [
        (["anna:a1", "anna:a2<a1", "anna:b1"], ["a1 a2", "b1"]),
        (["anna:a3<a2<a1", "anna:a2<a1", "anna:a1"], ["a3 a2 a1"]),
        (["anna:c2<never", "anna:c3<never"], ["c2 c3"]),
        (["anna:a1", "tom:a2<a1", "anna:a3<a2<a1", "tom:a4<a3<a2<a1"], ["a1 a3|a2 a4"]),
        (["anna:a1", "tom:a2<a1", "eve:a3<a2", "tom:a4<a3", "eve:a5<a1"], ["a1|a2 a4|a3 a5"]),
        (["anna:x1<x1"], ["x1"]), (["anna:y1<y2", "anna:y2<y1"], ["y1 y2"]),
        (["anna:m1", "anna:m2", "anna:m3<m2<m1"], ["m2 m3|m1"]),
        (["anna:m1", "anna:m2", "anna:m3<m2<m1", "anna:m4<m1"], ["m2 m3|m1 m4"]),
        (["anna:m1", "tom:m2", "tom:n2<m2", "anna:m3<m2<m1"], ["m1 m3|m2 n2"]),
        (["anna:s1 Offer", "anna:s2 Re Offer", "eve:s5 Re Offer", "anna:s6 Offer"], ["s1 s2", "s5", "s6"]),
        (["anna:s1 Offer", "anna:s2<q Re Offer"], ["s1", "s2"]),
        (["anna:u1", "anna:u1"], ["u1"]),
    ])
    mutating func `references and subjects lead a mail to its conversation, or beside it`(mails: [String], families: [String]) {
        var other = self
        _ = self.ledger.work(self.items(mails.map { Note($0) }), ids: &self.ids)
        #expect(self.families == Set(families))
        for item in other.items(mails.map { Note($0) }) { _ = other.ledger.work([item], ids: &other.ids) }
        #expect(other.families == Set(families))
    }

    @Test mutating func `a reply to our token joins only for a sender who takes part (B96, I10)`() {
        _ = self.ledger.work(self.items([Note("anna:a1")]), ids: &self.ids)
        let token = ReplyToken(conversation: self.conversation(saying: "a1"))
        _ = self.ledger.work(self.items([Note("anna:a2", token: token), Note("eve:e1", token: token)]), ids: &self.ids)
        #expect(self.families == ["a1 a2|e1"])
        #expect(self.ledger.threads[self.conversation(saying: "e1")]?.flags == ["sender_mismatch"])
    }

    @Test(arguments: [ReplyToken(conversation: .make()), nil])
    mutating func `an expired or foreign token opens a new conversation (B97)`(foreign: ReplyToken?) {
        _ = self.ledger.work(self.items([Note("anna:a1")]), ids: &self.ids)
        let token = foreign ?? ReplyToken(conversation: self.conversation(saying: "a1"), isExpired: true)
        _ = self.ledger.work(self.items([Note("anna:a2", token: token)]), ids: &self.ids)
        #expect(self.families == ["a1", "a2"])
        #expect(self.ledger.threads.values.allSatisfy { $0.flags.isEmpty })
    }

    @Test mutating func `a sender whose relay says no is a stranger, whatever the mail names`() {
        let notes = [Note("anna:a1 Offer"), Note("anna:a2<a1", authentication: .fail), Note("anna:a3 Re Offer", authentication: .fail)]
        _ = self.ledger.work(self.items(notes), ids: &self.ids)
        #expect(self.families == ["a1|a2", "a3"])
    }

    @Test(arguments: [(MailAuthentication.none, IdentityProof.claimed), (.fail, .claimed), (.pass, .authenticated)])
    mutating func `a mail's sender is proven by the channel's own relay only`(authentication: MailAuthentication, proof: IdentityProof) {
        let items = self.items([Note("anna:a1", authentication: authentication)])
        let plan = ThreadingPlan.make(for: items, knowing: self.ledger.knowledge, ids: &self.ids)
        #expect(plan.identities.map(\.proof) == [proof])
    }

    @Test mutating func `a channel that lets strangers join has them as pending participants`() {
        self.ledger.policies[self.channel]?.strangers = .join
        let plan = ThreadingPlan.make(
            for: self.items([Note("anna:a1"), Note("eve:e1<a1")]),
            knowing: self.ledger.knowledge,
            ids: &self.ids
        )
        #expect(plan.conversations.count == 1)
        #expect(plan.joinings.map(\.isPending) == [false, true])
        #expect(plan.messages.map(\.why.act) == [.opened, .joined])
    }

    @Test(arguments: [ChannelPolicy.Ended.new, .reopen])
    mutating func `a mail to an ended conversation opens one beside it or reopens it`(ended: ChannelPolicy.Ended) {
        self.ledger.policies[self.channel]?.ended = ended
        _ = self.ledger.work(self.items([Note("anna:a1")]), ids: &self.ids)
        self.ledger.end(ThreadSlot(workspace: self.workspace, channel: self.channel, key: ThreadKey(rawValue: "mail:a1")))
        _ = self.ledger.work(self.items([Note("anna:a2<a1"), Note("anna:a3<a1")]), ids: &self.ids)
        #expect(self.families == [ended == .reopen ? "a1 a2 a3" : "a1|a2 a3"])
        #expect(self.ledger.threads.values.allSatisfy { $0.flags.isEmpty })
    }

    @Test mutating func `more mails than a person writes count as automatic`() {
        let notes = (1...ThreadingPlan.mailsOfOneSender + 2).map { Note("anna:a\($0)<a1") } + [Note("tom:t1")]
        let plan = ThreadingPlan.make(for: self.items(notes), knowing: self.ledger.knowledge, ids: &self.ids)
        #expect(plan.messages.filter(\.isAutomatic).count == 2)
        #expect(plan.messages.last?.isAutomatic == false)
    }
}
