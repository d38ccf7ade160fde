import Curl
import Foundation
package import Logging
import Parley
import ServiceLifecycle

/// The providers of `parley dev`: a Twilio and a Slack that take what the demo channels send, and play the customer.
package actor Sandbox: Service {
    private let logger: Logger
    private let client: HTTPClient
    private let hooks: (stream: AsyncStream<SignedHook>, continuation: AsyncStream<SignedHook>.Continuation)

    private(set) var twilio: TwilioPeer?
    private(set) var slack: SlackPeer?
    /// Oldest first.
    private(set) var received: [ReceivedMessage] = []
    /// What was asked for before, to tell a first try from another; forgotten with the oldest messages.
    private var asked: [String] = []

    /// Messages kept.
    static let memory = 500

    /// - Throws: when libcurl cannot be set up.
    package init(logger: Logger) throws {
        self.logger = logger
        // It only ever calls its own process.
        self.client = try HTTPClient(settings: .init(userAgent: "parley-sandbox", egress: EgressPolicy(allowing: "127.0.0.0/8, ::1")))
        self.hooks = AsyncStream.makeStream(bufferingPolicy: .bufferingNewest(1_000))
    }

    /// Tells the peers whose accounts they keep: the first channel of each adapter.
    package func connect(_ channels: [DevDescription.DemoChannel]) {
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
        if let message = answer.received {
            self.received.append(message)
            if self.received.count > Self.memory { self.received.removeFirst() }
        }
        for hook in answer.hooks { self.hooks.continuation.yield(hook) }
        return answer
    }

    // MARK: - Playing the customer

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
