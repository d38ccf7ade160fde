package import Parley

extension EmailAdapter {
    package var fileBytes: Int { MailRendering.fileLimit }

    /// A mail whose fate is unknown is sent again under the same Message-ID: mail systems and readers know it for the same one.
    package var standardPolicy: ChannelPolicy { ChannelPolicy(unknown: .retry, giveUpAfterHours: 120) }

    package func render(_ message: OutboundMessage, for channel: ChannelContext) async throws(AdapterError) -> Rendering {
        let (request, degradations) = try MailRendering(channel: channel).request(for: message)
        return Rendering(parts: [.mail(request)], degradations: degradations)
    }

    package func judge(_ answer: ProviderAnswer, for channel: ChannelContext) async throws(AdapterError) -> SendOutcome {
        try MailReplyMeaning.outcome(of: answer)
    }
}
