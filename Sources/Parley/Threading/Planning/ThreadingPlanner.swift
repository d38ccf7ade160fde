import Foundation

/// One batch being planned: what is known grows with what is planned.
struct ThreadingPlanner {
    var known: ThreadingKnowledge
    var ids: MomentIDs
    var plan = ThreadingPlan()
    /// The part of `known` that mails are placed by.
    var mail: MailKnowledge {
        get { self.known.mail }
        _modify { yield &self.known.mail }
    }
    /// Slots whose conversation this plan opens or reopens.
    private var opened: [ThreadSlot: ThreadingPlan.Place] = [:]
    private var present: Set<Presence> = []
    private var names: [Person: String] = [:]
    private var wishes: [Person: ThreadingPlan.OptOutChange] = [:]

    init(known: ThreadingKnowledge, ids: MomentIDs) {
        self.known = known
        self.ids = ids
    }

    /// Why an item cannot be written at all; nil when it can.
    func problem(of item: ThreadingItem) -> String? {
        if !item.hasUsableIdentifiers { return "bad_identifier" }
        return self.known.policies[item.channel] == nil ? "channel_gone" : nil
    }

    private struct Presence: Hashable {
        var place: ThreadingPlan.Place
        var person: Person
    }
}

// MARK: - Messages

extension ThreadingPlanner {
    mutating func placeMessage(of item: ThreadingItem) {
        guard case .message(let message) = item.event, let person = item.person, let slot = item.slot else { return }
        if let subject = item.subject, self.known.messages[subject] != nil {
            self.plan.duplicates += 1
            return
        }
        let id: MessageID = self.ids.next(at: item.receivedAt)
        let original = self.lookalike(of: item, becoming: id)
        self.meet(person, called: message.fromName, in: item)
        let (place, why, isPending) = self.place(message, for: item, from: person, slot: slot, original: original)
        self.join(place, of: item.channel, person, isPending: isPending, at: item.receivedAt)
        let isAutomatic = message.isAutomatic || why.evidence["breaker"] != nil
        self.plan.messages.append(
            ThreadingPlan.NewMessage(
                id: id,
                place: place,
                channel: item.channel,
                person: person,
                externalID: message.externalID,
                body: message.body,
                why: why,
                isAutomatic: isAutomatic,
                wantsNoAnswer: isAutomatic || message.mail?.suppressesAutoReply == true,
                request: item.request,
                sentAt: message.sentAt,
                at: item.receivedAt
            )
        )
        let ancestors = item.mailAncestors
        if !ancestors.isEmpty {
            self.plan.ancestries.append(ThreadingPlan.Ancestry(workspace: item.workspace, message: id, references: ancestors))
        }
        if let subject = item.subject { self.known.messages[subject] = id }
        if let wish = message.optOut, wish != .help {
            self.wishes[person] = ThreadingPlan.OptOutChange(person: person, isStopped: wish == .stop, at: item.receivedAt)
        }
    }

    /// - Returns: where the message goes, why, and whether its sender has yet to be confirmed there.
    private mutating func place(
        _ message: InboundMessage,
        for item: ThreadingItem,
        from person: Person,
        slot: ThreadSlot,
        original: MessageID?
    ) -> (ThreadingPlan.Place, Why, Bool) {
        guard let mail = message.mail else {
            let (place, act, refused) = self.conversation(for: slot, with: person, message: message, at: item.receivedAt)
            let rule: Why.Rule = message.thread == nil ? .address : .thread
            let why = Why(rule: rule, act: act, evidence: ["key": slot.key.rawValue], refused: refused, possibleDuplicateOf: original)
            return (place, why, false)
        }
        var placement = self.placement(of: mail, for: item, from: person)
        let (conversation, act) = self.settle(&placement, of: mail, for: item, message: message, from: person, slot: slot)
        if mail.authentication != .none { placement.evidence["authentication"] = mail.authentication.rawValue }
        if self.isFlood(item) { placement.evidence["breaker"] = "sender_rate" }
        let why = Why(
            rule: placement.rule,
            act: act,
            evidence: placement.evidence,
            refused: placement.refused,
            possibleDuplicateOf: original
        )
        return (.conversation(conversation), why, placement.isStranger && act == .joined)
    }

    /// Without an id nothing proves that two messages are one, so the second is kept and names the first (I2).
    private mutating func lookalike(of item: ThreadingItem, becoming id: MessageID) -> MessageID? {
        guard let fingerprint = item.fingerprint else { return nil }
        let earlier = self.known.lookalikes[fingerprint, default: []]
        self.known.lookalikes[fingerprint, default: []].append(ThreadingKnowledge.Lookalike(message: id, moment: item.moment))
        return earlier.first { abs($0.moment.timeIntervalSince(item.moment)) <= 60 }?.message
    }

    /// The conversation a message belongs to: the open one of its slot, else a new one, or the last one again, as the channel says.
    private mutating func conversation(
        for slot: ThreadSlot,
        with person: Person,
        message: InboundMessage,
        at date: Date
    ) -> (ThreadingPlan.Place, Why.Act, [Why.Refusal]) {
        let thread = self.known.threads[slot] ?? ThreadingKnowledge.Thread()
        if let open = thread.open { return (.conversation(open), .joined, []) }
        if let place = self.opened[slot] { return (place, .joined, []) }
        if let ended = thread.ended, self.known.policies[slot.channel]?.ended == .reopen {
            self.opened[slot] = .conversation(ended)
            self.plan.reopenings.append(ThreadingPlan.Reopening(workspace: slot.workspace, conversation: ended, at: date))
            return (.conversation(ended), .reopened, [])
        }
        self.opened[slot] = .slot(slot)
        self.plan.conversations.append(
            ThreadingPlan.NewConversation(
                id: self.ids.next(at: date),
                slot: slot,
                with: person,
                replyTo: message.replyTo,
                thread: message.thread,
                at: date
            )
        )
        return (.slot(slot), .opened, thread.ended.map { [Why.Refusal(conversation: $0, reason: "ended")] } ?? [])
    }
}

// MARK: - Everything else

extension ThreadingPlanner {
    mutating func applyRest(of item: ThreadingItem) {
        switch item.event {
        case .message: break
        case .edit(let edit): self.revise(item, .edit(text: edit.text))
        case .deletion: self.revise(item, .deletion)
        case .receipt(let receipt):
            self.plan.receipts.append(
                ThreadingPlan.PassedReceipt(workspace: item.workspace, channel: item.channel, receipt: receipt, at: item.receivedAt)
            )
        case .interaction(let interaction):
            guard let person = item.person else { return }
            self.meet(person, called: nil, in: item)
            self.plan.interactions.append(
                ThreadingPlan.NewInteraction(
                    id: self.ids.next(at: item.receivedAt),
                    channel: item.channel,
                    person: person,
                    externalID: interaction.externalID,
                    type: interaction.type,
                    fields: interaction.fields,
                    at: item.receivedAt
                )
            )
        }
    }

    private mutating func revise(_ item: ThreadingItem, _ change: ThreadingPlan.Revision.Change) {
        if let message = item.subject.flatMap({ self.known.messages[$0] }), let name = item.event.revision {
            var at = item.receivedAt
            if case .edit(let edit) = item.event, let made = edit.at { at = made }
            self.plan.revisions.append(
                ThreadingPlan.Revision(workspace: item.workspace, message: message, name: name, change: change, at: at)
            )
        } else if item.deferrals < ThreadingPlan.deferralLimit {
            self.plan.deferrals.append(item)
        } else {
            self.plan.orphans += 1
        }
    }

    /// Makes an identity and a contact for a person not met before; remembers a new name of a known one.
    private mutating func meet(_ person: Person, called name: String?, in item: ThreadingItem) {
        let name = name.flatMap { $0.isEmpty ? nil : $0 }
        guard let known = self.known.names[person] else {
            self.known.names[person] = .some(name)
            self.plan.identities.append(
                ThreadingPlan.NewIdentity(
                    id: self.ids.next(at: item.receivedAt),
                    contact: self.ids.next(at: item.receivedAt),
                    person: person,
                    name: name,
                    proof: item.proof,
                    at: item.receivedAt
                )
            )
            return
        }
        guard let name, name != known else { return }
        self.known.names[person] = .some(name)
        self.names[person] = name
    }

    private mutating func join(
        _ place: ThreadingPlan.Place,
        of channel: ChannelID,
        _ person: Person,
        isPending: Bool = false,
        at date: Date
    ) {
        guard self.present.insert(Presence(place: place, person: person)).inserted else { return }
        let id: ParticipantID = self.ids.next(at: date)
        self.plan.joinings.append(
            ThreadingPlan.Joining(id: id, place: place, channel: channel, person: person, isPending: isPending, at: date)
        )
    }

    /// The plan, with one row for each person's last name and last wish.
    consuming func finished() -> ThreadingPlan {
        self.plan.renamings = self.names.map { ThreadingPlan.Renaming(person: $0.key, name: $0.value) }.sorted { $0.person < $1.person }
        self.plan.optOuts = self.wishes.values.sorted { $0.person < $1.person }
        return self.plan
    }
}
