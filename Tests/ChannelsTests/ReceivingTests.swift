import Foundation
import Parley
import Testing

@testable import Channels

@Suite struct ReceivingTests {
    private func adapter(_ route: String) throws -> DeclarativeAdapter {
        let text = """
            adapter: demo
            kind: demo
            summary: A demo
            capabilities: {text: {encoding: unicode, characters: 10}, media: {max_count: 1, max_bytes: 100}}
            limits: {per_second: 1}
            verify: none
            routes:
              first:
            \(route)
              second: {methods: [PUT], inbound: '{from: "second"}', answer: '{status: 202, json: {route: .route}}'}
            outbound:
              request: '{url: "https://a.example", query: {p: .part.number}, json: .message}'
              outcome: 'if .json then .json else empty end'
            """
        let (declaration, problems) = DeclarationReader.read(text, folder: "demo", name: "demo/adapter.yaml")
        guard let declaration else { throw AdapterLoadError(diagnostics: problems) }
        return DeclarativeAdapter(declaration: declaration, engine: .shared)
    }

    private func receive(_ route: String, method: String = "POST", path: String? = nil, json: String = "{}") async throws -> Reception {
        let request = HookRequest(
            method: method,
            url: "https://bridge.test/hooks/1?q=1&q=2",
            route: path,
            headers: ["content-type": "application/json"],
            body: Array(json.utf8),
            at: Date()
        )
        return try await self.adapter(route).reception(of: request, for: .test([:]))
    }

    @Test func `finds its route, and says when there is none`() async throws {
        let route = "    inbound: '{from: \"first\"}'"
        #expect(try await self.receive(route).messages.map(\.from.value) == ["first"])
        #expect(try await self.receive(route, path: "first").messages.map(\.from.value) == ["first"])
        #expect(try await self.receive(route, path: "third") == .notFound)
        #expect(try await self.receive(route, path: "second") == .methodNotAllowed(["PUT"]))
        let second = try await self.receive(route, method: "PUT", path: "second")
        guard case .accepted(_, let answer, _) = second else { throw CocoaError(.featureUnsupported) }
        #expect(answer == HookAnswer(status: 202, headers: ["content-type": "application/json"], body: #"{"route":"second"}"#))
    }

    @Test(arguments: [
        (#""2026-01-31T12:00:00.5+00:00""#, 1_769_860_800.5), ("1769860800", 1_769_860_800), (#""2027-02-30T00:00:00Z""#, nil),
        (#""99999-01-01T00:00:00Z""#, nil), ("253402300800", nil), ("-99999999999", nil), ("1e400", nil),
    ])
    func `a message is kept without a time that there is not`(at: String, seconds: Double?) async throws {
        let messages = try await self.receive("    inbound: '{from: \"me\", at: \(at)}'").messages
        #expect(messages.map(\.sentAt) == [seconds.map(Date.init(timeIntervalSince1970:))])
    }

    @Test func `takes a thousand events of one request and not one more`() async throws {
        let route = "    inbound: 'range(.json.n) | {id: \"\\(.)\", from: \"me\"}'"
        #expect(try await self.receive(route, json: #"{"n": 1000}"#).messages.count == 1000)
        #expect(try await self.receive(route, json: #"{"n": 1001}"#) == .tooLarge)
        #expect(try await self.receive(route, json: #"{"n": 100000}"#) == .tooLarge)
    }

    @Test func `refuses a body of too many values before an expression sees it`() async throws {
        let many = Array(repeating: "[]", count: JSON.valueLimit).joined(separator: ",")
        #expect(try await self.receive("    inbound: '{from: \"me\"}'", json: "[\(many)]") == .tooLarge)
    }

    @Test(arguments: [
        "    inbound: '{id: 1}'", "    inbound: '{from: .json.from}'", "    inbound: '{from: 1, txet: \"\"}'", "    inbound: '[1]'",
        "    inbound: '{from: 1, text: {}}'", "    inbound: '.json.list[].x'", "    receipt: '{id: 1, status: \"gone\"}'",
        "    edit: '{id: 1, text: \"\"}'", "    inbound: '{from: (\"a\" | [limit(600; repeat(.))] | join(\"\"))}'",
        "    answer: '{status: 9}'", "    handshake: '{body: [], x: 1}'",
    ]) func `keeps what it cannot read for an operator`(route: String) async throws {
        guard case .quarantined(let reason, let answer) = try await self.receive(route) else {
            Issue.record("not quarantined")
            return
        }
        #expect(reason.contains("demo/adapter.yaml:") && answer.status == 200)
    }

    @Test func `ends an expression that runs over as the adapter's failure`() async throws {
        let error = await #expect(throws: AdapterError.self) { try await self.receive("    inbound: 'def f: f; f'") }
        #expect(error?.code == .budgetExceeded)
    }

    @Test func `a batch of long messages is taken, one message beyond all measure is kept for an operator`() async throws {
        let long = #"([range(100) | "123456789012345678901234567890"] | join(""))"#
        let batch = try await self.receive("    inbound: '\(long) as $t | range(1000) | {id: \"\\(.)\", from: 1, text: $t}'")
        #expect(batch.messages.count == 1000 && batch.messages.last?.text.count == 3000)
        let endless = #"([range(400) | \#(long)] | join(""))"#
        guard case .quarantined(let reason, _) = try await self.receive("    inbound: '{from: 1, text: \(endless)}'") else {
            Issue.record("not quarantined")
            return
        }
        #expect(reason.contains("yields more than may be"))
    }

    @Test func `lets no NUL through`() async throws {
        #expect(
            try await self.receive("    inbound: '{from: 1, text: .json.t}'", json: #"{"t": "a\u0000b"}"#).messages[0].text == "a\u{FFFD}b"
        )
    }

    @Test(arguments: [
        ("https://files.example/a.png", true), ("HTTP://files.example:8080/a.png?x=javascript:1", true), ("https://[2001:db8::1]/", true),
        ("javascript:alert(1)", false), ("JavaScript://files.example/%0Aalert(1)", false), (" javascript:alert(1)", false),
        ("java\tscript:alert(1)", false), ("data:text/html,<b>", false), ("vbscript:x", false), ("file:///etc/passwd", false),
        ("blob:https://files.example/1", false), ("//files.example/a.png", false), ("/a.png", false), ("https:a.png", false),
        ("https:///a.png", false), ("https://", false), ("", false), ("https\u{0}://files.example/", false),
    ]) func `a file keeps the URL of a page, and without it its name, its type and why`(url: String, isShown: Bool) async throws {
        let json = JSON.object(["url": .string(url)]).text
        let file = "{url: .json.url, type: \"image/png\", name: \"a.png\", size: 7}"
        let messages = try await self.receive("    inbound: '{from: 1, text: \"see\", media: [\(file)]}'", json: json).messages
        let unavailable = isShown ? nil : "scheme_not_allowed"
        let kept = Media(url: isShown ? url : "", contentType: "image/png", filename: "a.png", size: 7, unavailable: unavailable)
        #expect(messages.map(\.media) == [[kept]] && messages.map(\.text) == ["see"])
        #expect(messages.first.map { $0.media.map(\.json["unavailable"]) } == [unavailable.map { .string($0) }])
    }

    @Test func `splits a long text, sends files once and turns the rest into text`() async throws {
        let media = [Media(url: "https://a/1", size: 50), Media(url: "https://a/2", size: 50), Media(url: "https://a/3", size: 101)]
        let body = Body(text: "one two three", media: media)
        let message = OutboundMessage(id: .make(), delivery: .make(), to: "me", body: body)
        let rendering = try await self.adapter("    inbound: 'empty'").render(message, for: .test([:]))
        let parts = try rendering.calls.map { try JSON(parsing: $0.body) }
        #expect(parts.compactMap { $0["text"]?.string }.joined() == "one two three\nhttps://a/2\nhttps://a/3")
        #expect(parts.map { $0["media"]?.array?.count } == [1] + Array(repeating: 0, count: parts.count - 1))
        #expect(rendering.calls.map(\.url) == (1...parts.count).map { "https://a.example?p=\($0)" })
        #expect(rendering.degradations == ["media_as_links"])
    }

    @Test(arguments: [
        (#"{"accepted": "1"}"#, SendOutcome.accepted(externalID: "1")), (#"{"accepted": true}"#, .accepted(externalID: nil)),
        (#"{"retry": "throttled", "after": 1e99}"#, .retry(reason: .throttled, after: 1e99)),
        (#"{"accepted": ""}"#, .ambiguous(reason: "provider_bad_response")),
        (#"{"refused": "x"}"#, .ambiguous(reason: "provider_bad_response")),
        (#"{"accepted": "1", "x": 1}"#, .ambiguous(reason: "provider_bad_response")), ("[]", .ambiguous(reason: "provider_bad_response")),
        ("", .ambiguous(reason: "provider_error")),
    ]) func `reads an outcome, and leaves open what it cannot read`(body: String, outcome: SendOutcome) async throws {
        let answer = ProviderAnswer(status: 500, headers: [:], body: Array(body.utf8))
        #expect(try await self.adapter("    inbound: 'empty'").judge(answer, for: .test([:])) == outcome)
    }

    @Test(arguments: [
        ("{url: \"https://a.example\", headers: {a: \"x\\r\\nb: c\"}}", false), ("{url: \"file:///etc/passwd\"}", false),
        ("{url: \"/x\"}", false), ("{url: \"https://a.example\", headers: {\"a b\": \"1\"}}", false),
        ("{url: \"https://a.example/?a=1&b=1&b=2\", headers: {\"\(String(repeating: "x", count: 70))\": \"1\"}}", true),
        ("{url: \"https://a.example\", json: {}, body: \"x\"}", false), ("{url: \"https://a.example\", from: {}}", false), ("empty", false),
        ("{url: \"https://a.example\", basic: [\"u\"]}", false), ("{url: \"https://a.example/?a=1\", query: {b: [1, 2], c: null}}", true),
    ]) func `refuses a request that is none`(source: String, isRequest: Bool) throws {
        let machine = ExpressionSet(functions: "", sources: [(source, "x")])
        let thread = ExpressionThread()
        let results = try Evaluation(of: machine, over: nil, on: thread).results(machine.expressions[0])
        let request = try? RequestReader.request(results.first)
        #expect((request != nil) == isRequest)
        if isRequest { #expect(request?.url == "https://a.example/?a=1&b=1&b=2") }
    }

    @Test(
        arguments: [
            ("+1 500 555 0123", "+15005550123"), ("+44 (0)20 7946 0958", "+442079460958"), ("ACME", nil),
            ("020 7946 0958", "+442079460958"),
        ] as [(String, String?)]
    )
    func `reads a telephone number as a person writes it`(text: String, number: String?) async throws {
        let adapter = try Loaded.adapter("twilio")
        let channel = try await adapter.context(SMSCorpusTests.settings.merging(["default_region": "GB"]) { $1 })
        #expect(await adapter.address(text, for: channel) == number.map { Address(space: AddressSpace(rawValue: "sms"), value: $0) })
    }

    @Test func `knows a member of the workspace by its id`() async throws {
        let adapter = try Loaded.adapter("slack")
        let channel = try await adapter.context(SlackCorpusTests.settings.merging(["team_id": "T0TEAM001"]) { $1 })
        #expect(
            await adapter.address("U0ANNA001", for: channel)
                == Address(space: AddressSpace(rawValue: "slack:T0TEAM001"), value: "U0ANNA001")
        )
        #expect(await adapter.address("anna", for: channel) == nil)
        #expect(try await adapter.address("U0ANNA001", for: adapter.context(SlackCorpusTests.settings)) == nil)
    }
}
