import Parley
import Postgres
import TestSupport
import Testing

@testable import ParleyServer

@Suite(.database) struct ChannelChangeTests {
    private static let policies: [(JSON, String)] = [
        (["retentionDays": -5], "policy/retentionDays: must be a whole number from 1 to 365"),
        (["perSecond": 0], "policy/perSecond: must be a whole number from 1 to 100000"),
        (["perRecipientSeconds": -1], "policy/perRecipientSeconds: must be a whole number from 0 to 3600"),
        (["joinSubjectWithinDays": 99_999], "policy/joinSubjectWithinDays: must be a whole number from 0 to 365"),
        (["retryHeldAfter": 0], "policy/retryHeldAfter: must be a whole number from 1 to 604800"),
        (["unknown": "maybe"], "policy/unknown: must be one of hold, retry"),
        (["perSecond": "many"], "policy/perSecond: must be a whole number from 1 to 100000"),
        ("retry", "policy: Must be an object."),
    ]

    @Test(arguments: Self.policies)
    func `a policy out of its range is refused with its member and what may stand there`(policy: JSON, message: String) async throws {
        let refusal = try await OperatorFixture.refusal { one in
            try await OperatorFixture.addChannel(one)
            _ = try await one.setChannel("sms", workspace: "acme", name: nil, settings: nil, policy: policy, status: nil)
        }
        #expect(refusal?.code == 64 && refusal?.text == message)
    }

    private static let settings: [(String, JSON, String)] = [
        ("twilio", ["api_base": "http://169.254.169.254"], "settings/api_base: the host is an address that outbound calls may not reach"),
        ("twilio", ["api_base": "gopher://plain.example"], "settings/api_base: must begin with http:// or https://"),
        ("twilio", ["api_bas": "x"], "settings/api_bas: no such setting, did you mean 'api_base'?"),
        ("email", ["address": "a@b.example", "smtp_url": "http://x"], "settings/smtp_url: must begin with smtp:// or smtps://"),
        ("email", ["address": "a@b.example", "imap_url": "smtp://x"], "settings/imap_url: must begin with imap:// or imaps://"),
        (
            "email", ["address": "a@b.example", "smtp_url": "smtp://10.0.0.1"],
            "settings/smtp_url: the host is an address that outbound calls may not reach"
        ),
    ]

    @Test(arguments: Self.settings)
    func `a target that calls may not reach is refused when it is saved`(adapter: String, settings: JSON, message: String) async throws {
        let known = adapter == "twilio" ? OperatorFixture.twilio.object ?? [:] : [:]
        let all = JSON.object(known.merging(settings.object ?? [:]) { $1 })
        let refusal = try await OperatorFixture.refusal { one in
            _ = try await one.createKey(workspace: "acme", name: "bot", scopes: ["read"], days: nil)
            _ = try await one.addChannel(workspace: "acme", adapter: adapter, name: "new", settings: all, policy: nil)
        }
        #expect(refusal?.code == 1 && refusal?.text == message)
        #expect(try await OperatorFixture.count("channels") == 0)
    }

    private static let usage: [@Sendable (Operator) async throws -> Void] = [
        { _ = try await $0.createKey(workspace: "new", name: "", scopes: ["read"], days: nil) },
        { _ = try await $0.createKey(workspace: "", name: "bot", scopes: ["read"], days: nil) },
        { _ = try await $0.createKey(workspace: "new", name: "bot", scopes: ["admin"], days: nil) },
        { _ = try await $0.createKey(workspace: "new", name: "bot", scopes: ["read"], days: 99_999_999_999) },
        { try await $0.revokeKey("nonsense", workspace: "new") },
        { _ = try await $0.setChannel("sms", workspace: "new", name: "", settings: nil, policy: nil, status: nil) },
        { _ = try await $0.setChannel("sms", workspace: "new", name: nil, settings: nil, policy: nil, status: "xx") },
        { _ = try await $0.lanes(of: "nope") },
        { try await $0.release("nonsense", workspace: "new") },
        { _ = try await $0.hold(conversation: "nonsense", workspace: "new") },
        { _ = try await $0.send("hello", conversation: "nonsense", workspace: "new") },
        { _ = try await $0.stuck(workspace: "new", limit: 0) },
    ]

    @Test(arguments: Self.usage.indices)
    func `a value that cannot be is wrong usage, and changes nothing`(index: Int) async throws {
        #expect(try await OperatorFixture.refusal(Self.usage[index])?.code == 64)
        #expect(try await OperatorFixture.count("workspaces") == 0)
    }

    @Test(.timeLimit(.minutes(1))) func `a command and a file that change one channel at the same moment both hold`() async throws {
        try await OperatorFixture.run { try await OperatorFixture.addChannel($0) }
        let folder = try TemporaryFolder()
        let file = try folder.file(
            "channels.yaml",
            """
            workspace: acme
            channels:
              - {name: sms, adapter: twilio, settings: \(OperatorFixture.twilio.text), policy: {retentionDays: 7}}
            """
        )
        let database = try #require(TestDatabase.current)
        let (command, apply) = try await database.pool.transaction(in: .all) { transaction in
            _ = try await transaction.query("SELECT FROM channels FOR UPDATE")
            let command = Task {
                try await OperatorFixture.run {
                    _ = try await $0.setChannel("sms", workspace: "acme", name: nil, settings: nil, policy: nil, status: "disabled")
                }
            }
            let apply = Task { try await OperatorFixture.run { _ = try await $0.apply(file, environment: [:]) } }
            try await TestDatabase.waitForSessions(thatWait: 2, on: transaction)
            return (command, apply)
        }
        _ = try await (command.value, apply.value)
        let rows = try await database.pool.query(in: .all, "SELECT status, policy ->> 'retentionDays' AS days FROM channels")
        #expect(try rows[0].value("status", as: String.self) == "disabled")
        #expect(try rows[0].value("days", as: String.self) == "7")
    }
}
