/// What an operator decided for one channel; kept as `channels.policy`.
///
/// Every member may be missing and then has its default, so a policy written by an older version stays valid.
package struct ChannelPolicy: Hashable, Sendable, Codable {
    /// What a message does that finds only an ended conversation.
    package enum Ended: String, Hashable, Sendable, Codable, CaseIterable { case new, reopen }
    /// What happens to a send that may or may not have reached the provider (the ambiguity window).
    package enum Unknown: String, Hashable, Sendable, Codable, CaseIterable { case hold, retry }

    /// What a mail does that names a conversation its sender takes no part in.
    package enum Strangers: String, Hashable, Sendable, Codable, CaseIterable {
        /// Opens one of its own, linked to the other.
        case link
        /// Joins, as a participant who has yet to be confirmed.
        case join
    }

    package var verification: VerificationMode
    package var ended: Ended
    package var strangers: Strangers
    /// Days within which a reply without references joins the sender's last conversation of the same subject; 0 for never.
    package var joinSubjectWithinDays: Int
    package var unknown: Unknown
    /// Seconds after which a held unknown send is tried again; nil: only a person releases it.
    package var retryHeldAfter: Int?
    /// Hours after which a message that still could not be handed over fails; 1 or more.
    package var giveUpAfterHours: Int
    /// Days for which received bytes are kept, so that they can be replayed.
    package var retentionDays: Int
    /// Requests a second that the account is allowed, where that is not what its adapter declares; 1 or more.
    package var perSecond: Int?
    /// Seconds between two requests to one recipient, where that is not what its adapter declares; 0 for no limit.
    package var perRecipientSeconds: Int?

    package init(
        verification: VerificationMode = .enforce,
        ended: Ended = .new,
        strangers: Strangers = .link,
        joinSubjectWithinDays: Int = 14,
        unknown: Unknown = .hold,
        retryHeldAfter: Int? = nil,
        giveUpAfterHours: Int = 24,
        retentionDays: Int = 7,
        perSecond: Int? = nil,
        perRecipientSeconds: Int? = nil
    ) {
        self.verification = verification
        self.ended = ended
        self.strangers = strangers
        self.joinSubjectWithinDays = joinSubjectWithinDays
        self.unknown = unknown
        self.retryHeldAfter = retryHeldAfter
        self.giveUpAfterHours = giveUpAfterHours
        self.retentionDays = retentionDays
        self.perSecond = perSecond
        self.perRecipientSeconds = perRecipientSeconds
    }

    package init(from decoder: any Decoder) throws {
        let members = try decoder.container(keyedBy: CodingKeys.self)
        let standard = ChannelPolicy()
        self.verification = try members.decodeIfPresent(VerificationMode.self, forKey: .verification) ?? standard.verification
        self.ended = try members.decodeIfPresent(Ended.self, forKey: .ended) ?? standard.ended
        self.strangers = try members.decodeIfPresent(Strangers.self, forKey: .strangers) ?? standard.strangers
        self.joinSubjectWithinDays =
            try members.decodeIfPresent(Int.self, forKey: .joinSubjectWithinDays) ?? standard.joinSubjectWithinDays
        self.unknown = try members.decodeIfPresent(Unknown.self, forKey: .unknown) ?? standard.unknown
        self.retryHeldAfter = try members.decodeIfPresent(Int.self, forKey: .retryHeldAfter)
        self.giveUpAfterHours = try members.decodeIfPresent(Int.self, forKey: .giveUpAfterHours) ?? standard.giveUpAfterHours
        self.retentionDays = try members.decodeIfPresent(Int.self, forKey: .retentionDays) ?? standard.retentionDays
        self.perSecond = try members.decodeIfPresent(Int.self, forKey: .perSecond)
        self.perRecipientSeconds = try members.decodeIfPresent(Int.self, forKey: .perRecipientSeconds)
    }

    package var patience: Duration { .seconds(self.giveUpAfterHours * 3_600) }

    /// How fast the account may send: what the operator knows of it, over what its adapter declares.
    package func limits(over declared: SendLimits) -> SendLimits {
        SendLimits(
            perSecond: self.perSecond.map(Double.init) ?? declared.perSecond,
            perRecipientSeconds: self.perRecipientSeconds.map(Double.init) ?? declared.perRecipientSeconds
        )
    }
}
