package import Foundation

/// What we begin ourselves, planned like what comes in.
extension ThreadingPlan {
    /// Makes a person known who has not written yet.
    package init(meeting person: Person, proof: IdentityProof, at date: Date) {
        self.identities = [NewIdentity(id: .make(at: date), contact: .make(at: date), person: person, proof: proof, at: date)]
    }

    /// Makes sure that there is an open conversation with a person, who may be new.
    ///
    /// - Parameter subject: of a mail: it names the conversation, and replies without references find it by it.
    package init(beginningWith person: Person, over channel: ChannelID, subject: String?, at date: Date) {
        self.init(meeting: person, proof: .given, at: date)
        let id = ConversationID.make(at: date)
        let key = ThreadKey(beginning: id, with: person.address)
        let slot = ThreadSlot(workspace: person.workspace, channel: channel, key: key)
        let base = subject.map { BaseSubject($0).text } ?? ""
        self.conversations = [
            NewConversation(id: id, slot: slot, with: person, name: subject, baseSubject: base.isEmpty ? nil : base, at: date)
        ]
        self.joinings = [Joining(id: .make(at: date), place: .slot(slot), channel: channel, person: person, at: date)]
    }
}
