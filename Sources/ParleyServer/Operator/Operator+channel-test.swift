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
        do {
            _ = try Self.valid(.object(channel.settings), for: adapter)
            findings.append(Finding(name: "settings", level: .ok, detail: "fit the adapter \(adapter.name)"))
        } catch { findings.append(Finding(name: "settings", level: .problem, detail: "\(error)")) }
        if channel.status != .active {
            findings.append(
                Finding(name: "status", level: .warning, detail: "\(channel.status.rawValue): \(channel.statusReason ?? "no reason given")")
            )
        }
        let context = channel.context(publicURL: try self.settings.publicURL)
        let isPublic = context.hookURL.hasPrefix("https://")
        findings.append(
            Finding(
                name: "hook",
                level: isPublic ? .ok : .warning,
                detail: context.hookURL + (isPublic ? "" : " is not https, and most providers insist")
            )
        )
        findings.append(await self.provider(adapter, context))
        return findings
    }

    /// Asks the provider's host for anything at all: which answer comes does not matter, that one comes does.
    private func provider(_ adapter: any Adapter, _ context: ChannelContext) async -> Finding {
        func finding(_ level: Finding.Level, _ detail: String) -> Finding { Finding(name: "provider", level: level, detail: detail) }
        let probe = OutboundMessage(id: .make(), delivery: .make(), to: "+15005550006", body: Body(text: "test"))
        do {
            let call: HTTPCall
            switch try await adapter.render(probe, for: context).parts.first {
            case .http(let request), .step(let request, _): call = request
            case .mail(let request): return finding(.ok, "mail leaves through \(request.url)")
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
