import Channels
import Foundation
package import Logging
import Parley
import Postgres
package import SMTP

/// Takes mail for the channels that have an address. The acknowledgement is our commit, as with every other provider.
package struct MailIngest: MailReceiver {
    private let mailboxes: MailboxStore
    private let channels: ChannelStore
    private let keys: KeyStore
    private let ingest: Ingest
    private let metrics: Metrics
    private let logger: Logger

    package init(
        mailboxes: MailboxStore,
        channels: ChannelStore,
        keys: KeyStore,
        ingest: Ingest,
        metrics: Metrics,
        logger: Logger
    ) {
        self.mailboxes = mailboxes
        self.channels = channels
        self.keys = keys
        self.ingest = ingest
        self.metrics = metrics
        self.logger = logger
    }

    // MARK: - Recipients

    package func accept(recipient: String, from sender: String, client: SMTPPeer) async -> RecipientVerdict {
        guard let address = MailAddress(recipient) else { return .refused(.unknownMailbox) }
        do {
            let (exact, untagged, all) = (address.identity, address.untagged.identity, "@\(address.domain)")
            let answer = try await self.mailboxes.find([exact, untagged, all], domain: address.domain)
            guard answer.isOurDomain else { return .refused(.relayDenied) }
            func named(_ name: String) -> Mailbox? { answer.mailboxes.first { $0.address == name } }
            // What looks like a token of ours is one, or nothing: a forged one must not come in as a plain address.
            let holder = named(untagged) ?? named(all)
            switch ReplyTokens(keys: self.channels.sealer.tokenKeys(of: holder?.channel ?? .nobody)).read(address.tag ?? "", at: Date()) {
            case .foreign: return .refused(.unknownMailbox)
            case .genuine: return self.verdict(on: holder, client)
            case nil: return self.verdict(on: named(exact) ?? holder, client)
            }
        } catch { return .refused(self.reply(to: error, "a recipient")) }
    }

    private func verdict(on mailbox: Mailbox?, _ client: SMTPPeer) -> RecipientVerdict {
        guard let mailbox else { return .refused(.unknownMailbox) }
        // Whoever showed a key may write to the channels of its workspace only.
        if let user = client.user, user != mailbox.workspace.description { return .refused(.relayDenied) }
        return mailbox.isDisabled ? .refused(.mailboxDisabled) : .accepted(mailbox: mailbox.channel.description)
    }

    // MARK: - Submission

    /// The password is an API key that may write; the user's name does not matter.
    package func authenticate(user: String, password: String) async -> AuthenticationVerdict {
        do {
            guard let key = try await self.keys.authenticate(password), key.scopes.contains(.write) else {
                return .refused(.badCredentials)
            }
            return .accepted(user: key.workspace.description)
        } catch {
            _ = self.reply(to: error, "a login")
            return .refused(SMTPReply(454, "4.7.0", "Not possible at the moment, try again later"))
        }
    }

    // MARK: - Mails

    package func deliver(_ envelope: MailEnvelope, _ message: [UInt8]) async -> DeliveryVerdict {
        let verdict: DeliveryVerdict
        do { verdict = try await self.take(envelope, message) } catch { verdict = .refused(self.reply(to: error, "a mail")) }
        let outcome =
            switch verdict {
            case .accepted: "accepted"
            case .refused(let reply): reply.isRefusal ? "refused" : "deferred"
            }
        self.metrics.counter("parley_smtp_mails_total", "Mails that came in whole, by what became of them.", ["outcome": outcome]).add()
        return verdict
    }

    /// One item for each channel among the recipients, all in one commit or none.
    private func take(_ envelope: MailEnvelope, _ message: [UInt8]) async throws -> DeliveryVerdict {
        let now = Date()
        var items: [IngestItem] = []
        var places: [String] = []
        for recipient in envelope.recipients where !places.contains(recipient.mailbox) { places.append(recipient.mailbox) }
        for place in places {
            let addresses = envelope.recipients.filter { $0.mailbox == place }.map(\.address)
            let request = HookRequest(mail: message, envelope, to: addresses, at: now)
            guard let id = ChannelID(place), let channel = try await self.channels.channel(id), channel.status != .disabled,
                let reading = try await self.ingest.read(request, for: channel)
            else { return .refused(.mailboxDisabled) }
            switch reading.reception {
            case .refused(let code, _): return .refused(code == "hop_count" ? .tooManyHops : .badContent)
            case .tooLarge, .notFound, .methodNotAllowed: return .refused(.badContent)
            case .accepted, .ignored, .answered, .quarantined: if let item = reading.item { items.append(item) }
            }
        }
        guard !items.isEmpty else { return .accepted(id: "nothing to keep") }
        _ = try await self.ingest.store(items)
        return .accepted(id: items[0].id.uuidString.lowercased())
    }

    /// What our own failures look like from outside: come back later. Nothing is stored then.
    private func reply(to error: any Error, _ what: String) -> SMTPReply {
        let isExpected = (error as? PostgresError).map { $0.isUnavailable || $0.isRetryable } ?? false
        self.logger.log(level: isExpected ? .warning : .error, "mail put off", metadata: ["what": "\(what)", "error": "\(error)"])
        return (error as? PostgresError)?.code == .diskFull
            ? SMTPReply(452, "4.3.1", "No room at the moment, try again later") : .unavailable
    }
}

extension ChannelID {
    /// A channel there is not: what is no mailbox takes as long to check as what is one.
    fileprivate static let nobody = ChannelID(UUID(uuid: (0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0)))
}

extension HookRequest {
    /// A mail as adapters see it: the envelope in headers, the raw message as the body.
    ///
    /// - Parameter recipients: those of the channel alone: it must not learn of others.
    init(mail: [UInt8], _ envelope: MailEnvelope, to recipients: [String], at date: Date) {
        var headers = [
            "mail-from": envelope.sender, "rcpt-to": recipients.joined(separator: ","), "peer": envelope.client.address,
            "helo": envelope.client.helo, "trace-length": String(envelope.traceLength),
        ]
        if envelope.client.isEncrypted { headers["tls"] = "1" }
        headers["auth"] = envelope.client.user
        self.init(method: "SMTP", url: "smtp:", route: nil, headers: headers, body: mail, at: date)
    }
}
