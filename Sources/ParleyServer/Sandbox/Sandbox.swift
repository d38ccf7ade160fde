import Curl
import Foundation
package import Logging
import Parley
import ServiceLifecycle

/// The providers of `parley dev`: a Twilio, a Slack and mailboxes that take what the demo channels send, and play the customer.
package actor Sandbox: Service {
    private let logger: Logger
    private let client: HTTPClient
    private let mailer: MailClient
    private let hooks: (stream: AsyncStream<SignedHook>, continuation: AsyncStream<SignedHook>.Continuation)

    private(set) var twilio: TwilioPeer?
    private(set) var slack: SlackPeer?
    /// Where customers write to by mail, and the server that takes it.
    private(set) var mailbox: (address: String, server: String)?
    /// Oldest first.
    private(set) var received: [ReceivedMessage] = []
    /// What was asked for before, to tell a first try from another; forgotten with the oldest messages.
    private var asked: [String] = []
    /// Recipients whose mail was put off once.
    private var putOff: Set<String> = []
    private var watchers: [UUID: AsyncStream<Void>.Continuation] = [:]

    /// Messages kept.
    static let memory = 500

    /// - Throws: when libcurl cannot be set up.
    package init(logger: Logger) throws {
        self.logger = logger
        // It only ever calls its own process.
        let settings = ClientSettings(userAgent: "parley-sandbox", egress: try EgressPolicy(allowing: "127.0.0.0/8, ::1"))
        self.client = try HTTPClient(settings: settings)
        self.mailer = MailClient(settings: settings)
        self.hooks = AsyncStream.makeStream(bufferingPolicy: .bufferingNewest(1_000))
    }

    /// Tells the peers whose accounts they keep: the first channel of each adapter.
    ///
    /// - Parameter mailServer: where the bridge takes mail, `127.0.0.1:2525`; nil when nobody writes mails here.
    package func connect(_ channels: [DevDescription.DemoChannel], mailServer: String? = nil) {
        for channel in channels.reversed() {
            func setting(_ name: String) -> String { channel.settings[name]?.string ?? "" }
            switch channel.adapter {
            case "twilio":
                self.twilio = TwilioPeer(
                    accountSID: setting("account_sid"),
                    authToken: setting("auth_token"),
                    number: setting("from"),
                    hookURL: channel.hookURL
                )
            case "slack":
                self.slack = SlackPeer(botToken: setting("bot_token"), signingSecret: setting("signing_secret"), hookURL: channel.hookURL)
            case "email": self.mailbox = mailServer.map { (setting("address"), "smtp://\($0)") }
            default: break
            }
        }
    }

    /// Calls the hooks that answers left behind, one after the other, until it is told to stop.
    package func run() async throws {
        let calls = self.hooks.continuation
        await withGracefulShutdownHandler {
            for await hook in self.hooks.stream { _ = await self.call(hook) }
        } onGracefulShutdown: {
            calls.finish()
        }
    }

    // MARK: - Playing the provider

    func createMessage(account: String, authorization: String?, form: FormFields) -> PeerAnswer? {
        guard let twilio else { return nil }
        let isFirst = self.isFirst("twilio \(form["To"] ?? "") \(form["Body"] ?? "")")
        return self.keep(twilio.create(account: account, authorization: authorization, form: form, isFirst: isFirst, at: Date()))
    }

    func callSlack(_ method: String, authorization: String?, arguments: JSON) -> PeerAnswer? {
        guard let slack else { return nil }
        let isFirst = self.isFirst("slack \(method) \(arguments["channel"]?.string ?? "") \(arguments["text"]?.string ?? "")")
        let answer = slack.call(
            method,
            authorization: authorization,
            arguments: arguments,
            taken: self.received,
            isFirst: isFirst,
            at: Date()
        )
        return self.keep(answer)
    }

    private func isFirst(_ request: String) -> Bool {
        guard !self.asked.contains(request) else { return false }
        self.asked.append(request)
        if self.asked.count > Self.memory { self.asked.removeFirst() }
        return true
    }

    private func keep(_ answer: PeerAnswer) -> PeerAnswer {
        if let message = answer.received { self.take(message) }
        for hook in answer.hooks { self.hooks.continuation.yield(hook) }
        return answer
    }

    func take(_ message: ReceivedMessage) {
        self.received.append(message)
        if self.received.count > Self.memory { self.received.removeFirst() }
        for watcher in self.watchers.values { watcher.yield() }
    }

    /// Whether this is the first of two tries.
    func putsOff(_ recipient: String) -> Bool {
        guard self.putOff.remove(recipient) == nil else { return false }
        self.putOff.insert(recipient)
        return true
    }

    /// One element after each message that a peer took.
    func arrivals() -> AsyncStream<Void> {
        let (stream, watcher) = AsyncStream.makeStream(of: Void.self, bufferingPolicy: .bufferingNewest(1))
        let id = UUID()
        self.watchers[id] = watcher
        watcher.onTermination = { [weak self] _ in Task { await self?.forget(id) } }
        return stream
    }

    private func forget(_ id: UUID) { self.watchers[id] = nil }

    // MARK: - Playing the customer

    /// A customer writes a mail.
    ///
    /// - Parameter id: the Message-ID of the received mail that it answers.
    /// - Returns: what the bridge's mail server said; nil when it could not be asked or the address is none.
    func writeMail(from: String, subject: String, text: String, answering id: String?) async -> MailReply? {
        guard let mailbox else { return nil }
        let answered = id.flatMap { id in self.received.last { $0.adapter == "email" && $0.id == id } }
        let mail = MailPeer.mail(from: from, to: mailbox.address, subject: subject, text: text, answering: answered, at: Date())
        guard let mail else { return nil }
        let transfer = MailTransfer(
            url: "\(mailbox.server)?tls=never",
            greeting: "sandbox.example",
            sender: from,
            recipient: mail.recipient,
            message: mail.message,
            deadline: .seconds(30)
        )
        do throws(TransferError) { return try await self.mailer.send(transfer) } catch {
            self.logger.warning(
                "a customer's mail could not be handed over",
                metadata: ["reason": "\(error.reason.rawValue)", "detail": "\(error.detail)"]
            )
            return nil
        }
    }

    /// - Returns: the bridge's status; nil when it gave none.
    func call(_ hook: SignedHook) async -> Int? {
        let transfer = HTTPTransfer(method: "POST", url: hook.url, headers: hook.headers, body: hook.body)
        do throws(TransferError) {
            let status = try await self.client.send(transfer).status
            if status >= 300 { self.logger.warning("a hook refused the sandbox", metadata: ["http.status": "\(status)"]) }
            return status
        } catch {
            self.logger.warning(
                "a hook could not be called",
                metadata: ["reason": "\(error.reason.rawValue)", "detail": "\(error.detail)"]
            )
            return nil
        }
    }
}
