import Foundation
import Parley
import TestSupport
import Testing

@testable import ParleyServer

@Suite(.database) struct ApplyTests {
    private static let sid = "AC" + String(repeating: "0", count: 32)

    @Test func `every mistake is told with its line and column, and nothing is left behind`() async throws {
        let folder = try TemporaryFolder()
        let file = try folder.file(
            "channels.yaml",
            """
            workspace: acme
            channels:
              - name: sms
                adapter: twilio
                settings: {account_sid: nonsense, auth_token: x, from: "+15005550006"}
              - name: near
                adapter: twillio
                settings: {}
              - name: far
                adapter: twilio
                settings:
                  account_sid: \(Self.sid)
                  auth_token: x
                  from: "+15005550006"
                  api_base: http://169.254.169.254
                policy:
                  unknwon: retry
                  perSecond: 0
            """
        )
        let refusal = try await OperatorFixture.refusal { _ = try await $0.apply(file, environment: [:]) }
        #expect(refusal?.code == 1)
        let lines = refusal?.text.split(separator: "\n").map { $0.replacing("\(folder.path)/", with: "") } ?? []
        let expected = [
            "channels.yaml:5:16: channel 'sms': settings/account_sid: must match",
            "channels.yaml:7:5: channel 'near': adapter: there is no adapter 'twillio', did you mean 'twilio'?",
            "channels.yaml:15:7: channel 'far': settings/api_base: the host is an address that outbound calls may not reach",
            "channels.yaml:17:7: channel 'far': policy/unknwon: there is no such member, did you mean 'unknown'?",
            "channels.yaml:18:7: channel 'far': policy/perSecond: must be a whole number from 1 to 100000",
        ]
        #expect(lines.count == expected.count, "\(lines)")
        for (line, beginning) in zip(lines, expected) { #expect(line.hasPrefix(beginning), "\(line)") }
        #expect(try await OperatorFixture.count("workspaces") == 0)
    }

    private static let shapes: [(String, String)] = [
        ("workspace: acme\nchanels: []\n", "f.yaml:2:1: unknown key 'chanels', did you mean 'channels'?"),
        ("workspace: acme\nchannels: {}\n", "f.yaml:2:11: expected a list of channels"),
        (
            "workspace: acme\nchannels:\n  - {name: a, adapter: twilio, setings: {}}\n",
            "f.yaml:3:32: unknown key 'setings', did you mean 'settings'?"
        ),
        ("workspace: acme\nchannels:\n  - {name: '', adapter: webchat, settings: {}}\n", "f.yaml:3:5: 'name' is missing"),
        (
            "workspace: acme\nchannels:\n  - {name: a, adapter: twilio, settings: {auth_token: '${TOKEN}'}}\n",
            "f.yaml:3:55: the environment has no TOKEN"
        ),
        (
            "workspace: acme\nchannels:\n  - {name: a, adapter: webchat, settings: {}}\n  - {name: a, adapter: webchat, settings: {}}\n",
            "f.yaml:4:6: a second channel 'a': the name is what a channel is known by"
        ),
        ("workspace: acme\nchannels: [\n", "f.yaml:"),
    ]

    @Test(arguments: Self.shapes)
    func `a mistake in the file's shape has its place too`(text: String, message: String) async throws {
        let folder = try TemporaryFolder()
        let file = try folder.file("f.yaml", text)
        let refusal = try await OperatorFixture.refusal { _ = try await $0.apply(file, environment: [:]) }
        let lines = refusal?.text.split(separator: "\n").map { $0.replacing("\(folder.path)/", with: "") } ?? []
        #expect(lines.contains { $0.hasPrefix(message) }, "\(lines)")
    }

    @Test func `an address that is taken leaves no workspace and no channel`() async throws {
        let folder = try TemporaryFolder()
        let channel = "adapter: email, settings: {address: a@b.example}"
        let file = try folder.file("f.yaml", "workspace: acme\nchannels:\n  - {name: one, \(channel)}\n  - {name: two, \(channel)}\n")
        let refusal = try await OperatorFixture.refusal { _ = try await $0.apply(file, environment: [:]) }
        #expect(refusal?.text == "\(file):4:44: channel 'two': settings/address: another channel has this mail address")
        #expect(try await OperatorFixture.count("workspaces") == 0)
        #expect(try await OperatorFixture.count("channels") == 0)
    }
}
