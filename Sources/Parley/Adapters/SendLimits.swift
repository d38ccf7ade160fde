/// How fast a provider lets a channel send.
package struct SendLimits: Hashable, Sendable, Codable {
    /// Requests a second for the whole channel.
    package var perSecond: Double
    /// Seconds between two requests to one recipient; 0 for no limit.
    package var perRecipientSeconds: Double
    package init(perSecond: Double, perRecipientSeconds: Double) {
        self.perSecond = perSecond
        self.perRecipientSeconds = perRecipientSeconds
    }
}
