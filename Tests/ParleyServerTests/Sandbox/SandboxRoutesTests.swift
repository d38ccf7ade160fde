import Channels
import Curl
import Foundation
import HTTPTypes
import Logging
import Parley
import Synchronization
import Testing

@testable import ParleyServer

@Suite struct SandboxRoutesTests {
    /// A sandbox behind HTTP whose demo channels' hooks note what they are sent.
    private func withSandbox(
        _ body: @escaping @Sendable (_ origin: String, _ hooked: @escaping @Sendable () -> [IncomingRequest]) async throws -> Void
    )
        async throws
    {
        let sandbox = try Sandbox(logger: Logger(label: "test"))
        let requests = Requests()
        var routes = Routes()
        sandbox.addRoutes(to: &routes)
        routes.on(.post, "/hooks/:channel") { request in
            requests.list.withLock { $0.append(request) }
            return .text(.ok, "")
        }
        try await withServer(routes: routes) { port in
            let origin = "http://127.0.0.1:\(port)"
            let twilio: [String: JSON] = ["account_sid": "AC1", "auth_token": "token", "from": "+15005550006"]
            let slack: [String: JSON] = ["bot_token": "xoxb-1", "signing_secret": "secret"]
            await sandbox.connect([
                .init(id: "1", adapter: "twilio", name: "demo", hookURL: "\(origin)/hooks/1", settings: twilio),
                .init(id: "2", adapter: "slack", name: "demo", hookURL: "\(origin)/hooks/2", settings: slack),
            ])
            try await body(origin) { requests.list.withLock { $0 } }
        }
    }

    private final class Requests: Sendable { let list = Mutex<[IncomingRequest]>([]) }

    private let client = try! HTTPClient(settings: .init(userAgent: "test", egress: EgressPolicy(allowing: "127.0.0.0/8")))

    private func post(_ url: String, _ body: String, _ headers: [String: String] = [:]) async throws -> HTTPAnswer {
        try await self.client.send(HTTPTransfer(method: "POST", url: url, headers: headers, body: Array(body.utf8)))
    }

    @Test func `what a provider took is listed and shown`() async throws {
        try await self.withSandbox { origin, _ in
            let basic = ["authorization": "Basic " + Base64.encode(Array("AC1:token".utf8))]
            let sent = try await self.post(
                "\(origin)/sandbox/twilio/2010-04-01/Accounts/AC1/Messages.json",
                "To=%2B15005550123&From=%2B15005550006&Body=Hello+there",
                basic
            )
            #expect(sent.status == 201)
            let bearer = ["authorization": "Bearer xoxb-1", "content-type": "application/json"]
            let posted = try await self.post(
                "\(origin)/sandbox/slack/api/chat.postMessage",
                #"{"channel":"C1","text":"Hi","thread_ts":"1.2"}"#,
                bearer
            )
            #expect(try JSON(parsing: posted.body)["ok"] == true)
            let listed = try await self.client.send(HTTPTransfer(method: "GET", url: "\(origin)/sandbox/messages"))
            let messages = try #require(try JSON(parsing: listed.body)["data"]?.array)
            #expect(messages.map { $0["text"] } == ["Hello there", "Hi"])
            #expect(messages.map { $0["thread"] } == [nil as JSON, "1.2"])
            let page = try await self.client.send(HTTPTransfer(method: "GET", url: "\(origin)/sandbox/received"))
            #expect(String(decoding: page.body, as: UTF8.self).contains("Hello there"))
            #expect(page.headers["content-security-policy"]?.contains("default-src 'none'") == true)
        }
    }

    @Test func `a customer can be played by a program and by a form`() async throws {
        try await self.withSandbox { origin, hooked in
            let json = try await self.post(
                "\(origin)/sandbox/twilio/inbound",
                #"{"from":"+15005550123","text":"Hello"}"#,
                ["content-type": "application/x-www-form-urlencoded"]
            )
            #expect(json.status == 200)
            let form = try await self.post(
                "\(origin)/sandbox/slack/inbound",
                "user=U1&channel=C1&text=Hi&thread_ts=",
                ["content-type": "application/x-www-form-urlencoded"]
            )
            #expect(form.status == 303 && form.headers["location"] == "/sandbox/")
            let requests = hooked()
            #expect(FormFields(parsing: requests[0].body)["Body"] == "Hello")
            #expect(try JSON(parsing: requests[1].body)["event"]?["text"] == "Hi")
            #expect(requests.map(\.path) == ["/hooks/1", "/hooks/2"])
        }
    }

    @Test(arguments: [
        ("twilio", "{}", 422, "required"), ("twilio", #"{"from":"abc","text":"x"}"#, 422, "invalid_address"),
        ("slack", "[]", 400, "malformed_json"),
    ])
    func `a customer who cannot be played is explained`(peer: String, body: String, status: Int, code: String) async throws {
        try await self.withSandbox { origin, hooked in
            let answer = try await self.post("\(origin)/sandbox/\(peer)/inbound", body)
            #expect(answer.status == status)
            #expect(try JSON(parsing: answer.body)["code"] == .string(code))
            #expect(hooked().isEmpty)
        }
    }
}
