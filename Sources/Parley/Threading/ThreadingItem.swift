package import Foundation

/// One event of a batch, with what its job says of it.
package struct ThreadingItem: Hashable, Sendable {
    /// The job it came in: one job may hold several events of one conversation.
    package var job: Int64
    package var workspace: WorkspaceID
    package var channel: ChannelID
    package var event: InboundEvent
    /// The bytes it came from, in `inbound_requests`.
    package var request: UUID?
    package var receivedAt: Date
    /// How often it already waited for the message it speaks of.
    package var deferrals: Int

    package init(
        job: Int64,
        workspace: WorkspaceID,
        channel: ChannelID,
        event: InboundEvent,
        request: UUID? = nil,
        receivedAt: Date,
        deferrals: Int = 0
    ) {
        self.job = job
        self.workspace = workspace
        self.channel = channel
        self.event = event.withoutNULs
        self.request = request
        self.receivedAt = receivedAt
        self.deferrals = deferrals
    }
}

extension ThreadingItem {
    package var slot: ThreadSlot? {
        self.event.threadKey.map { ThreadSlot(workspace: self.workspace, channel: self.channel, key: $0) }
    }
    /// Who wrote or tapped; nil where nobody new is spoken of.
    package var person: Person? {
        switch self.event {
        case .message(let message): Person(workspace: self.workspace, address: message.from)
        case .interaction(let interaction): Person(workspace: self.workspace, address: interaction.from)
        case .edit, .deletion, .receipt: nil
        }
    }
    package var subject: ExternalMessage? {
        self.event.subject.map { ExternalMessage(workspace: self.workspace, channel: self.channel, id: $0) }
    }
    /// Nil for what has an id, and for what is no message.
    package var fingerprint: Fingerprint? {
        guard case .message(let message) = self.event, message.externalID == nil, let person = self.person else { return nil }
        return Fingerprint(person: person, channel: self.channel, body: message.body)
    }
    /// Whether what rows are found by can be kept at all: PostgreSQL has no NUL in text and no long text in an index.
    package var hasUsableIdentifiers: Bool {
        let address = self.person?.address
        return [self.event.subject, self.slot?.key.rawValue, address?.space.rawValue, address?.value, self.event.revision].allSatisfy {
            guard let identifier = $0?.utf8 else { return true }
            return (1...1_000).contains(identifier.count) && !identifier.contains(0)
        }
    }
    /// When it was written, as far as anybody says.
    package var moment: Date {
        guard case .message(let message) = self.event else { return self.receivedAt }
        return message.sentAt ?? self.receivedAt
    }
}

extension InboundMessage {
    package var body: Body {
        Body(text: self.text, media: self.media, subject: self.subject, html: self.html, fullText: self.fullText)
    }
}
