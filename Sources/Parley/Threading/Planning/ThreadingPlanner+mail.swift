import Foundation

/// Where one mail goes, and by which rule.
struct MailPlacement {
    /// Nil for a conversation of its own.
    var joined: ConversationID?
    var rule: Why.Rule = .new
    var evidence: [String: String] = [:]
    var refused: [Why.Refusal] = []
    /// The conversation a new one belongs beside.
    var beside: ConversationID?
    /// The sender is no participant of what the mail names.
    var isStranger = false
    /// Conversations that this mail shows to belong together.
    var family: [ConversationID] = []
}

extension ThreadingPlanner {
    /// The first rule that holds: our token, then references, then the subject; each only for a sender who takes part.
    func placement(of mail: MailThreading, for item: ThreadingItem, from person: Person) -> MailPlacement {
        var placement = MailPlacement()
        var leads: [(ConversationID, Why.Rule, [String: String])] = []
        if let token = mail.token, self.mail.conversations[token.conversation]?.channel == item.channel {
            if token.isExpired {
                placement.refused.append(Why.Refusal(conversation: token.conversation, reason: "token_expired"))
            } else {
                leads.append((token.conversation, .token, [:]))
            }
        }
        for reference in item.mailReferences {
            if let conversation = self.mail.references[reference] { leads.append((conversation, .reference, ["messageId": reference.id])) }
        }
        if leads.isEmpty, mail.references.isEmpty, mail.isReply, !mail.subject.isEmpty, mail.authentication != .fail,
            let slot = item.subjectSlot, let conversation = self.mail.subjects[slot]
        {
            leads.append((conversation, .subject, ["subject": mail.subject]))
        }
        placement.family = leads.map(\.0)
        for (lead, rule, evidence) in leads {
            if mail.authentication != .fail, let joined = self.own(lead, of: person) {
                (placement.joined, placement.rule, placement.evidence) = (joined, rule, evidence)
                return placement
            }
            if placement.beside == nil {
                (placement.beside, placement.rule, placement.evidence, placement.isStranger) = (lead, rule, evidence, true)
            }
            let reason = mail.authentication == .fail ? "authentication_failed" : "sender_mismatch"
            if !placement.refused.contains(where: { $0.conversation == lead }) {
                placement.refused.append(Why.Refusal(conversation: lead, reason: reason))
            }
        }
        return placement
    }

    /// Where a person goes on who names `lead`: there, if it is theirs and open, else in the newest of its family that is.
    ///
    /// Whoever was let into a linked conversation, or began one anew after the end of the first, has only that one to go on in.
    private func own(_ lead: ConversationID, of person: Person) -> ConversationID? {
        let own = self.mail.family(of: lead).filter { self.mail.conversations[$0]?.members.contains(person.address) == true }
        let open = own.filter { self.mail.conversations[$0]?.isOpen == true }
        for candidates in [open, own] where !candidates.isEmpty { return candidates.contains(lead) ? lead : candidates.last }
        return nil
    }

    /// Carries a placement out on what is known, and puts it into the plan.
    ///
    /// - Returns: the conversation, and what became of it.
    mutating func settle(
        _ placement: inout MailPlacement,
        of mail: MailThreading,
        for item: ThreadingItem,
        message: InboundMessage,
        from person: Person,
        slot: ThreadSlot
    ) -> (ConversationID, Why.Act) {
        let policy = self.known.policies[item.channel] ?? ChannelPolicy()
        let at = item.receivedAt
        var act = Why.Act.joined
        var conversation: ConversationID?
        if let joined = placement.joined, let found = self.mail.conversations[joined] {
            if found.isOpen {
                conversation = joined
            } else if policy.ended == .reopen {
                (conversation, act) = (joined, .reopened)
                self.mail.conversations[joined]?.isOpen = true
                self.plan.reopenings.append(ThreadingPlan.Reopening(workspace: item.workspace, conversation: joined, at: at))
            } else {
                placement.beside = joined
                placement.refused.append(Why.Refusal(conversation: joined, reason: "ended"))
            }
        } else if placement.isStranger, policy.strangers == .join, mail.authentication != .fail, let beside = placement.beside,
            self.mail.conversations[beside]?.isOpen == true
        {
            conversation = beside
            placement.refused.removeAll { $0.conversation == beside }
        }
        if conversation == nil { act = .opened }
        let result = conversation ?? self.open(slot, placement, mail, message, with: person, at: at)
        self.remember(result, placement, of: item, from: person)
        return (result, act)
    }

    private mutating func open(
        _ slot: ThreadSlot,
        _ placement: MailPlacement,
        _ mail: MailThreading,
        _ message: InboundMessage,
        with person: Person,
        at date: Date
    ) -> ConversationID {
        let id: ConversationID = self.ids.next(at: date)
        let root = placement.beside.flatMap { self.mail.conversations[$0]?.root }
        self.mail.conversations[id] = MailKnowledge.Conversation(channel: slot.channel, root: root ?? id, members: [person.address])
        self.plan.conversations.append(
            ThreadingPlan.NewConversation(
                id: id,
                slot: slot,
                with: person,
                replyTo: message.replyTo,
                thread: nil,
                name: message.subject,
                baseSubject: mail.subject.isEmpty ? nil : mail.subject,
                linkedTo: root,
                flags: placement.isStranger ? ["sender_mismatch"] : [],
                at: date
            )
        )
        return id
    }

    /// What the mail teaches about those that come after it.
    private mutating func remember(
        _ conversation: ConversationID,
        _ placement: MailPlacement,
        of item: ThreadingItem,
        from person: Person
    ) {
        if !placement.isStranger || placement.joined != nil { self.mail.conversations[conversation]?.members.insert(person.address) }
        let isTheirs = self.mail.conversations[conversation]?.members.contains(person.address) == true
        if isTheirs, let slot = item.subjectSlot, !slot.subject.isEmpty { self.mail.subjects[slot] = conversation }
        for reference in item.mailReferences where self.mail.references[reference] == nil {
            self.mail.references[reference] = conversation
            self.plan.references.append(ThreadingPlan.NewReference(reference: reference, conversation: conversation, at: item.receivedAt))
        }
        guard let root = self.mail.conversations[conversation]?.root else { return }
        for lead in placement.family {
            guard let other = self.mail.conversations[lead]?.root, other != root else { continue }
            for (id, found) in self.mail.conversations where found.root == other { self.mail.conversations[id]?.root = root }
            self.plan.links.append(ThreadingPlan.Link(workspace: item.workspace, family: other, root: root))
        }
    }

    /// More mails than a person writes: two machines may be answering each other, so nothing automatic goes on with it.
    mutating func isFlood(_ item: ThreadingItem) -> Bool {
        guard var slot = item.subjectSlot else { return false }
        slot.subject = ""
        let count = self.mail.recent[slot, default: 0] + 1
        self.mail.recent[slot] = count
        return count > ThreadingPlan.mailsOfOneSender
    }
}
