import Channels
package import Foundation
package import Parley
package import Queue

/// One request that shall be stored before it is answered.
package struct IngestItem: Sendable {
    package enum Outcome: String, Sendable, CaseIterable { case accepted, ignored, quarantined }

    package var workspace: WorkspaceID
    package var channel: ChannelID
    package var adapter: AdapterName
    /// The id of its row in `inbound_requests`.
    package var id: UUID
    package var request: HookRequest
    package var events: [InboundEvent]
    /// What the events' media name by attachment id.
    package var files: [AttachmentFile] = []
    package var outcome: Outcome
    /// Why it was ignored or quarantined, or what shadow mode would have refused it with.
    package var detail: String?
    /// The row is there already: a replay.
    package var isReplay = false
    /// Where its events go: to the inbox, or first where the files they name are fetched.
    package var queue = QueueName.inbox
    /// What it means for the channel that was asked; nil for what came by itself.
    package var poll: PollMark?

    package init(
        workspace: WorkspaceID,
        channel: ChannelID,
        adapter: AdapterName,
        id: UUID,
        request: HookRequest,
        events: [InboundEvent],
        outcome: Outcome,
        detail: String? = nil
    ) {
        self.workspace = workspace
        self.channel = channel
        self.adapter = adapter
        self.id = id
        self.request = request
        self.events = events
        self.outcome = outcome
        self.detail = detail
    }

    /// A request that says nothing as yet.
    init(_ request: HookRequest, of channel: ChannelRecord) {
        var random = SystemRandomNumberGenerator()
        self.init(
            workspace: channel.workspace,
            channel: channel.id,
            adapter: channel.adapter,
            id: .version7(at: request.at, using: &random),
            request: request,
            events: [],
            outcome: .accepted
        )
    }

    /// What is to be stored of a request; nil when nothing is: it was refused, answered on the spot, or tells nobody anything.
    init?(_ received: Received, of request: HookRequest, for channel: ChannelRecord, through adapter: any Adapter) {
        self.init(request, of: channel)
        self.queue = adapter.entry
        switch received.reception {
        case .accepted(let events, _, let files): (self.events, self.files) = (events, files)
        case .quarantined(let reason, _): (self.outcome, self.detail) = (.quarantined, reason)
        case .ignored(.report, _): (self.outcome, self.detail) = (.ignored, IgnoredReason.report.rawValue)
        case .ignored, .answered, .refused, .notFound, .methodNotAllowed, .tooLarge: return nil
        }
        if let code = received.wouldRefuse {
            self.detail = ["would refuse: \(code)", self.detail].compactMap(\.self).joined(separator: "; ")
        }
    }

    /// What must be new for the request to count: each event's key, or, for what has none, the bytes themselves.
    var keys: [String] {
        switch self.outcome {
        case .accepted: self.events.compactMap { $0.deduplicationKey.map(Self.bounded) }
        case .ignored, .quarantined:
            ["request:\(Hex.encode(Crypto.sha256(Array((self.request.route ?? "").utf8) + [0] + self.request.content)))"]
        }
    }

    /// The jobs of the events that are new.
    ///
    /// - Parameter isNew: whether this key was first seen with this request.
    func jobs(isNew: (String) -> Bool) -> [JobDraft] {
        var seen: Set<Exact> = []  // the same event twice in one body is one event
        let events = self.events.filter { event in
            guard let key = event.deduplicationKey else { return true }
            return isNew(Self.bounded(key)) && seen.insert(Exact(key)).inserted
        }
        return InboxPayload.jobs(
            for: events,
            of: self.channel,
            in: self.workspace,
            request: self.id,
            receivedAt: self.request.at
        ).map { draft in
            var draft = draft
            draft.key = Self.bounded(draft.key)
            draft.queue = self.queue
            return draft
        }
    }

    /// A provider's id may be anything; an index takes 2.7 kB and no NUL.
    private static func bounded(_ key: String) -> String {
        key.utf8.count <= 512 && !key.utf8.contains(0) ? key : "sha256:\(Hex.encode(Crypto.sha256(key.utf8)))"
    }
}

extension Adapter {
    /// Where the events of this adapter go. All of them take one way, so that none overtakes another.
    var entry: QueueName { self.fetchesMedia ? .media : .inbox }
}
