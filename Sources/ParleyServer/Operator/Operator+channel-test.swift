import Channels
import Curl
import Foundation
import Parley

extension Operator {
    /// Whether a channel could work, as far as can be told without sending a message.
    package func testChannel(_ id: String, workspace: String) async throws -> [Finding] {
        let channel = try await self.channel(id, workspace)
        var findings = [Finding(name: "secrets", level: .ok, detail: "open with the master key")]
        let adapter = try self.adapter(channel.adapter.rawValue)
        let rules = try self.rules()
        do throws(Problem) {
            _ = try await rules.settings(.object(channel.settings), of: adapter)
            findings.append(Finding(name: "settings", level: .ok, detail: "fit the adapter \(adapter.name)"))
        } catch { findings.append(Finding(name: "settings", level: .problem, detail: error.lines.joined(separator: "; "))) }
        if channel.status != .active {
            findings.append(
                Finding(name: "status", level: .warning, detail: "\(channel.status.rawValue): \(channel.statusReason ?? "no reason given")")
            )
        }
        let context = channel.context(publicURL: try self.settings.publicURL)
        if let hook = await self.hook(adapter, context) { findings.append(hook) }
        findings.append(await self.provider(adapter, context))
        if let mailbox = await self.mailbox(adapter, context) { findings.append(mailbox) }
        return findings
    }

    /// Nil where the adapter has nothing at the hook: mail comes by SMTP, a widget's messages by routes of their own.
    private func hook(_ adapter: any Adapter, _ context: ChannelContext) async -> Finding? {
        let probe = HookRequest(method: "HEAD", url: context.hookURL, route: nil, headers: [:], body: [], at: Date())
        if case .notFound? = try? await adapter.receive(probe, for: context).reception { return nil }
        let isPublic = context.hookURL.hasPrefix("https://")
        return Finding(
            name: "hook",
            level: isPublic ? .ok : .warning,
            detail: context.hookURL + (isPublic ? "" : " is not https, and most providers insist")
        )
    }

    /// Opens the mailbox that is looked into, where there is one.
    private func mailbox(_ adapter: any Adapter, _ context: ChannelContext) async -> Finding? {
        func finding(_ level: Finding.Level, _ detail: String) -> Finding { Finding(name: "mailbox", level: level, detail: detail) }
        do {
            guard case .mailbox(let poll)? = try await adapter.poll(after: nil, for: context)?.request else { return nil }
            let client = MailClient(settings: .init(userAgent: "parley", egress: try self.settings.egress))
            let account = MailboxAccount(url: poll.url, username: poll.username, password: poll.password, name: poll.mailbox)
            let state = try await client.ask(account) { try await $0.answer(to: .state, within: .seconds(30)) }
            return finding(.ok, "\(poll.url) opens \(poll.mailbox), next UID \(IMAPAnswer.number("UIDNEXT", in: state) ?? 1)")
        } catch { return finding(.problem, "cannot be opened: \(error)") }
    }

    /// Asks the provider's host for anything at all: which answer comes does not matter, that one comes does.
    private func provider(_ adapter: any Adapter, _ context: ChannelContext) async -> Finding {
        func finding(_ level: Finding.Level, _ detail: String) -> Finding { Finding(name: "provider", level: level, detail: detail) }
        let probe = OutboundMessage(id: .make(), delivery: .make(), to: "+15005550006", body: Body(text: "test"))
        do {
            let call: HTTPCall
            switch try await adapter.render(probe, for: context).parts.first {
            case .http(let request), .step(let request, _): call = request
            case .mail(let request):
                guard !request.url.isEmpty else { return finding(.warning, "smtp_url is not set: answers cannot leave") }
                let client = MailClient(settings: .init(userAgent: "parley", egress: try self.settings.egress))
                let reply = try await client.greet(url: request.url, username: request.username, password: request.password)
                return finding(reply.code < 400 ? .ok : .problem, "\(request.url) answers: \(reply.code) \(reply.text)")
            case .kept: return finding(.ok, "there is no provider: the reader fetches messages from us")
            case .later, nil: return finding(.problem, "the adapter made no request of a message")
            }
            guard let url = URL(string: call.url), let host = url.host else {
                return finding(.problem, "the adapter's request goes nowhere")
            }
            let origin = "\(url.scheme ?? "https")://\(host)\(url.port.map { ":\($0)" } ?? "")/"
            let client = try HTTPClient(settings: .init(userAgent: "parley", egress: try self.settings.egress))
            let answer = try await client.send(HTTPTransfer(method: "GET", url: origin, headers: [:], body: []))
            return finding(.ok, "\(origin) answers (\(answer.status))")
        } catch { return finding(.problem, "cannot be reached: \(error)") }
    }
}
