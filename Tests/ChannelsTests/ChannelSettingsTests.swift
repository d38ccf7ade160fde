import Foundation
import Parley
import Testing

@testable import Channels

@Suite struct ChannelSettingsTests {
    /// `pointer code` of everything that is wrong.
    private static func mistakes(_ settings: [String: JSON], of adapter: any Adapter) async -> [String] {
        guard case .failure(let errors) = await adapter.validate(settings) else { return [] }
        return errors.errors.map { "\($0.pointer) \($0.code.rawValue)" }
    }

    private static let origins: [([JSON], [String])] = [
        (["https://shop.example", "http://localhost:8080", "https://[2001:db8::1]:443"], []),
        (["capacitor://localhost", "https://bücher.example/"], []),
        (["\u{0}"], ["/allowed_origins/0 control_character"]),
        (["https://a.example", "https://x\r\ny"], ["/allowed_origins/1 control_character"]),
        ([.string(String(repeating: "x", count: 100_000))], ["/allowed_origins/0 too_long"]),
        (Array(repeating: "https://a.example", count: 100), []),
        (Array(repeating: "https://a.example", count: 101), ["/allowed_origins out_of_range"]),
        ([1], ["/allowed_origins wrong_type"]),
        (["*", "shop.example", ""], ["/allowed_origins/0 bad_format", "/allowed_origins/1 bad_format", "/allowed_origins/2 bad_format"]),
        (["https://a.example/chat"], ["/allowed_origins/0 bad_format"]), (["https://u@a.example"], ["/allowed_origins/0 bad_format"]),
        (["https://*.a.example"], ["/allowed_origins/0 bad_format"]), (["https://a.example:65536"], ["/allowed_origins/0 bad_format"]),
        (["https://a b"], ["/allowed_origins/0 bad_format"]), (["https://"], ["/allowed_origins/0 bad_format"]),
    ]

    @Test(arguments: Self.origins)
    func `each origin of the web chat's pages is looked at, and named when it is none (I24, B16)`(origins: [JSON], mistakes: [String]) async
    {
        #expect(await Self.mistakes(["allowed_origins": .array(origins)], of: WebchatAdapter()) == mistakes)
    }

    @Test(arguments: [
        ("from_name", "a\r\nBcc: x", "control_character"), ("smtp_username", "a\u{0}", "control_character"),
        ("smtp_password", "a\u{7f}", "control_character"), ("imap_mailbox", "a\tb", "control_character"), ("from_name", "Anna · Käse", nil),
        ("dkim_key", "-----BEGIN PRIVATE KEY-----\r\nAAAA\n", nil), ("dkim_key", "AAAA\u{0}", "control_character"),
    ])
    func `a setting is one line without control characters, but for a key (B42)`(name: String, text: String, code: String?) async {
        let settings: [String: JSON] = ["address": "support@ours.test", name: .string(text)]
        #expect(await Self.mistakes(settings, of: EmailAdapter()) == (code.map { ["/\(name) \($0)"] } ?? []))
    }

    @Test func `a setting that is null has its default`() async throws {
        let twilio = try Loaded.adapter("twilio")
        let base = try #require(twilio.settings.properties["api_base"]?.defaultValue)
        let given = SMSCorpusTests.settings.merging(["api_base": .null, "default_region": .null]) { $1 }
        let complete = try await twilio.validate(given).get()
        #expect(complete["api_base"] == base)
        #expect(complete["default_region"] == twilio.settings.properties["default_region"]?.defaultValue)
        #expect(await Self.mistakes(SMSCorpusTests.settings.merging(["auth_token": .null]) { $1 }, of: twilio) == ["/auth_token required"])
    }

    // MARK: - Patterns

    private static func adapter(pattern: String, _ kind: String = "string") throws -> DeclarativeAdapter {
        let text = """
            adapter: demo
            kind: demo
            summary: A demo
            settings: {code: {type: \(kind), pattern: '\(pattern)'}}
            capabilities: {text: {encoding: unicode, characters: 100}}
            limits: {per_second: 1}
            routes: {message: {verify: {token: {given: .headers.t, expected: .settings.code}}, inbound: .json}}
            """
        let (declaration, problems) = DeclarationReader.read(text, folder: "demo", name: "demo/adapter.yaml")
        try #require(problems.map(\.description) == [])
        return DeclarativeAdapter(declaration: try #require(declaration), engine: ExpressionEngine(.init()))
    }

    @Test(arguments: [
        ("^A[0-9]{2}$", "A12", true), ("^A[0-9]{2}$", "A123", false), ("^A[0-9]{2}$", "xA12", false), ("[0-9]", "x1y", true),
        ("^(x|y)z$", "yz", true), (#"^\+[1-9]"#, "+4", true), ("^ü{3}$", "üüü", true), ("^(?i)ab$", "AB", true),
    ])
    func `a pattern is searched for`(pattern: String, text: String, isFound: Bool) async throws {
        let adapter = try Self.adapter(pattern: pattern)
        #expect(await Self.mistakes(["code": .string(text)], of: adapter) == (isFound ? [] : ["/code bad_format"]))
    }

    /// Each once took seconds, or never ended.
    @Test(
        .timeLimit(.minutes(5)),
        arguments: [
            ("^(a|a)*[bc]$", 40), ("a.*a.*a.*a.*a.*a.*a.*[bc]$", 60), ("^(a+)+$", 1000), ("(a+a+)+b", 1000),
            ("^(([a-z])+.)+[A-Z]([a-z])+$", 100),
        ]
    )
    func `a pattern that takes too long is given up, and the text not taken (B116)`(pattern: String, count: Int) async throws {
        let adapter = try Self.adapter(pattern: pattern)
        let text = String(repeating: "a", count: count) + "!"
        let mistakes = await Self.mistakes(["code": .string(text)], of: adapter)
        // Which of the two it is depends on how clever the search is.
        #expect(mistakes == ["/code bad_format"] || mistakes == ["/code budget_exceeded"])
    }

    @Test func `each text of a list must match`() async throws {
        let adapter = try Self.adapter(pattern: "^a", "array")
        #expect(await Self.mistakes(["code": ["ab", "b"]], of: adapter) == ["/code/1 bad_format"])
    }
}
