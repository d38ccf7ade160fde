import Foundation

@testable import Parley

/// What the database would hold: plans are applied to it as the statements apply them, so that a run of batches can be judged as a whole.
struct Ledger {
    struct Thread: Hashable {
        var slot: ThreadSlot
        var said: [String] = []
        var people: Set<Person> = []
        var isOpen = true
        var linkedTo: ConversationID?
        var flags: [String] = []
        var subject: String?
    }

    var policies: [ChannelID: ChannelPolicy]
    var threads: [ConversationID: Thread] = [:]
    var order: [ThreadSlot: [ConversationID]] = [:]
    var names: [Person: String?] = [:]
    var contacts: [Person: ContactID] = [:]
    var stopped: Set<Person> = []
    var messages: [ExternalMessage: MessageID] = [:]
    var labels: [MessageID: String] = [:]
    var lookalikes: [Fingerprint: [ThreadingKnowledge.Lookalike]] = [:]
    var revisions: [String: Set<String>] = [:]
    var duplicates = 0
    var orphans = 0
    var references: [ExternalMessage: ConversationID] = [:]

    /// Everything there is to know, not only what a batch mentions: the planner must be no wiser for it.
    private var mail: MailKnowledge {
        var known = MailKnowledge()
        known.references = self.references
        for (id, thread) in self.threads where thread.slot.key.rawValue.hasPrefix("mail:") {
            known.conversations[id] = MailKnowledge.Conversation(
                channel: thread.slot.channel,
                root: thread.linkedTo ?? id,
                isOpen: thread.isOpen,
                members: Set(thread.people.map(\.address))
            )
            guard let subject = thread.subject else { continue }
            for person in thread.people {
                let slot = MailKnowledge.SubjectSlot(person: person, channel: thread.slot.channel, subject: subject)
                if known.subjects[slot].map({ $0.uuid < id.uuid }) ?? true { known.subjects[slot] = id }
            }
        }
        return known
    }

    var knowledge: ThreadingKnowledge {
        var known = ThreadingKnowledge(policies: self.policies, names: self.names, messages: self.messages, lookalikes: self.lookalikes)
        for (slot, ids) in self.order {
            known.threads[slot] = ThreadingKnowledge.Thread(
                open: ids.last { self.threads[$0]!.isOpen },
                ended: ids.last { !self.threads[$0]!.isOpen }
            )
        }
        known.mail = self.mail
        return known
    }

    /// Plans and applies one batch; gives back what has to wait.
    mutating func work(_ items: [ThreadingItem], ids: inout MomentIDs) -> [ThreadingItem] {
        let plan = ThreadingPlan.make(for: items, knowing: self.knowledge, ids: &ids)
        for identity in plan.identities {
            self.names[identity.person] = .some(identity.name)
            self.contacts[identity.person] = identity.contact
        }
        for renaming in plan.renamings { self.names[renaming.person] = .some(renaming.name) }
        for opened in plan.conversations {
            self.threads[opened.id] = Thread(
                slot: opened.slot,
                linkedTo: opened.linkedTo,
                flags: opened.flags,
                subject: opened.baseSubject
            )
            self.order[opened.slot, default: []].append(opened.id)
        }
        for link in plan.links {
            for (id, thread) in self.threads where id == link.family || thread.linkedTo == link.family {
                self.threads[id]!.linkedTo = link.root
            }
        }
        for new in plan.references where self.references[new.reference] == nil { self.references[new.reference] = new.conversation }
        for reopening in plan.reopenings { self.threads[reopening.conversation]!.isOpen = true }
        for joining in plan.joinings where !joining.isPending { self.threads[self.find(joining.place)]!.people.insert(joining.person) }
        for message in plan.messages {
            let label = message.externalID ?? message.body.text
            self.threads[self.find(message.place)]!.said.append(label)
            self.labels[message.id] = label
            if let id = message.externalID {
                self.messages[ExternalMessage(workspace: message.person.workspace, channel: message.channel, id: id)] = message.id
            } else {
                let print = Fingerprint(person: message.person, channel: message.channel, body: message.body)
                self.lookalikes[print, default: []].append(.init(message: message.id, moment: message.sentAt ?? message.at))
            }
        }
        for revision in plan.revisions { self.revisions[self.labels[revision.message]!, default: []].insert(revision.name) }
        for change in plan.optOuts {
            if change.isStopped { self.stopped.insert(change.person) } else { self.stopped.remove(change.person) }
        }
        self.duplicates += plan.duplicates
        self.orphans += plan.orphans
        return plan.deferrals
    }

    mutating func end(_ slot: ThreadSlot) {
        for id in self.order[slot] ?? [] { self.threads[id]!.isOpen = false }
    }

    private func find(_ place: ThreadingPlan.Place) -> ConversationID {
        switch place {
        case .conversation(let id): id
        case .slot(let slot): self.order[slot]!.last { self.threads[$0]!.isOpen }!
        }
    }

    /// Everything that must be equal after an equal history: ids are left out, they are made anew.
    struct Outcome: Hashable {
        var conversations: [ThreadSlot: [Thread]]
        var people: Set<Person>
        var revisions: [String: Set<String>]
        var duplicates: Int
        var orphans: Int
    }
    var outcome: Outcome {
        Outcome(
            conversations: self.order.mapValues { $0.map { self.threads[$0]! } },
            people: Set(self.names.keys),
            revisions: self.revisions,
            duplicates: self.duplicates,
            orphans: self.orphans
        )
    }
}
