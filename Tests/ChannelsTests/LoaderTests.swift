import Foundation
import Parley
import Testing

@testable import Channels

@Suite struct LoaderTests {
    private static let good = """
        adapter: demo
        kind: demo
        summary: A demo
        settings:
          token: {type: string, secret: true}
        capabilities: {text: {encoding: unicode, characters: 100}}
        limits: {per_second: 1}
        verify:
          token: {given: .headers.token, expected: .settings.token}
        routes:
          message:
            inbound: '{id: .json.id, from: .json.from}'
        """

    private func problems(_ text: String) -> [String] {
        DeclarationReader.read(text, folder: "demo", name: "demo/adapter.yaml").1.map(\.description)
    }

    @Test func `reads a small adapter`() { #expect(self.problems(Self.good) == []) }

    @Test(arguments: [
        ("summary: A demo", "sumary: A demo", ["1:1: 'summary' is missing", "3:1: unknown key 'sumary', did you mean 'summary'?"]),
        ("secret: true", "secrte: true", ["5:25: unknown key 'secrte', did you mean 'secret'?"]),
        ("type: string", "type: sting", ["5:17: unknown word 'sting', did you mean 'string'?"]),
        ("characters: 100", "characters: many", ["6:54: expected a number from 1.0 to 1000000.0", "6:22: 'characters' is missing"]),
        ("{per_second: 1}", "slow", ["7:9: expected a mapping", "7:9: 'per_second' is missing"]),
        ("adapter: demo", "adapter: Demo", ["1:10: an adapter's name holds 1 to 63 of a-z, 0-9 and '-'"]),
        ("adapter: demo", "adapter: other", ["1:10: the adapter 'other' stands in the folder 'demo': they must have one name"]),
        ("from: .json.from}'", "from: .json.from}}'", ["12:47: '}' closes nothing"]),
        ("from: .json.from}'", "from: env.FROM}'", ["12:36: 'env' is not available to adapters"]),
        ("from: .json.from}'", "from: (.json | form)}'", ["12:45: form/0 is not defined"]),
        ("from: .json.from}'", "from: $nobody}'", ["12:36: $nobody is not defined"]),
        ("given: .headers.token, ", "", ["9:10: 'given' is missing"]),
        (
            "token: {given", "tokens: {given",
            [
                "9:3: exactly one of hmac, ed25519, rsa, token, basic, bearer, jwt is needed",
                "9:3: unknown key 'tokens', did you mean 'token'?",
            ]
        ),
        ("type: string,", "type: string, pattern: '\(String(repeating: "a", count: 257))',", ["5:34: a pattern has at most 256 bytes"]),
        ("type: string,", "type: string, pattern: '(a',", ["5:34: not a regular expression: end pattern with unmatched parenthesis"]),
        ("type: string,", "type: integer, default: x,", ["5:35: the default does not fit: must be of type integer"]),
        ("type: string,", "type: string, default: ab, pattern: '^a$',", ["5:34: the default does not fit: must match ^a$"]),
        ("type: string,", "type: string, default: \"a\\tb\",", ["5:34: the default does not fit: must hold no control characters"]),
        ("type: string,", "type: string, multiline: true, default: \"a\\tb\",", []),
        ("kind: demo", "kind: demo\nkind: demo", ["2:1: duplicate keys: 'kind'"]),
        ("routes:", "routes: [", ["12:12: did not find expected ',' or ']'"]),
    ]) func `says what is wrong and where`(from: String, to: String, problems: [String]) {
        #expect(Set(self.problems(Self.good.replacing(from, with: to))) == Set(problems.map { "demo/adapter.yaml:\($0)" }))
    }

    @Test func `tells the line inside a block, and every mistake at once`() {
        let text = Self.good.replacing(
            "inbound: '{id: .json.id, from: .json.from}'",
            with: "inbound: |\n      {\n        id: nothing,\n        from: $none\n      }\n    edit: 1 +"
        )
        #expect(
            self.problems(text)
                == [
                    "demo/adapter.yaml:14:13: nothing/0 is not defined", "demo/adapter.yaml:15:15: $none is not defined",
                    "demo/adapter.yaml:17:11: syntax error, unexpected ')'",
                ].sorted()
        )
    }

    @Test func `refuses a route that forgets to verify`() {
        let text = Self.good.replacing("verify:\n  token: {given: .headers.token, expected: .settings.token}\n", with: "")
        #expect(self.problems(text) == ["demo/adapter.yaml:10:5: 'verify' is missing; 'verify: none' if the provider offers nothing"])
    }

    /// 3^10 and 2^30 nodes, from a few hundred bytes.
    @Test(arguments: [(10, 3), (30, 2)], ["", "? *a10\n: 1\n"])
    func `ends an alias bomb by its budget, in a key too`(size: (levels: Int, width: Int), end: String) {
        let levels = (1...size.levels).map { level in
            "a\(level): &a\(level) [\(Array(repeating: "*a\(level - 1)", count: size.width).joined(separator: ", "))]"
        }
        let problems = self.problems("a0: &a0 [x, x]\n\(levels.joined(separator: "\n"))\n\(end)")
        #expect(problems.count == 1 && problems[0].hasPrefix("demo/adapter.yaml:1:1: budget_exceeded"))
    }

    @Test(arguments: [
        "", "\u{0}", "[", "- a\n- b", String(repeating: "[", count: 50_000), String(repeating: "a", count: 300_000),
        "a: !!binary x\n---\nb",
    ])
    func `refuses what is no adapter`(text: String) { #expect(!self.problems(text).isEmpty) }

    @Test func `loads nothing when one file is wrong, and names each`() throws {
        let folder = FileManager.default.temporaryDirectory.appending(path: "channels-\(UUID().uuidString)").path
        defer { try? FileManager.default.removeItem(atPath: folder) }
        for (name, text) in [("demo", Self.good), ("other", "adapter: other\n")] {
            try FileManager.default.createDirectory(atPath: "\(folder)/\(name)", withIntermediateDirectories: true)
            try text.write(toFile: "\(folder)/\(name)/adapter.yaml", atomically: true, encoding: .utf8)
        }
        #expect(throws: AdapterLoadError.self) { try AdapterRegistry.load(from: folder) }
        #expect(AdapterRegistry.check(directory: folder).allSatisfy { $0.file == "other/adapter.yaml" })
        try FileManager.default.removeItem(atPath: "\(folder)/other")
        #expect(try AdapterRegistry.load(from: folder).all.map(\.name.rawValue) == ["demo", "email", "webchat"])
        #expect(AdapterRegistry.check(directory: "\(folder)/none").count == 1)
    }

    @Test func `serves on through fifty reloads`() async throws {
        var settings = ExpressionEngine.Settings()
        settings.threads = 1
        let engine = ExpressionEngine(settings)
        let item = try #require(try Place.corpus("sms/inbound.json").array?.first)
        for _ in 0..<50 {
            let registry = try AdapterRegistry.load(from: Place.shipped, engine: engine)
            let adapter = try #require(registry[AdapterName(rawValue: "twilio")!])
            let channel = try await adapter.context(SMSCorpusTests.settings)
            #expect(
                try await adapter.reception(of: .corpus(item, hook: "https://bridge.test/hooks/sms/main"), for: channel).messages.count == 1
            )
        }
    }

    @Test(arguments: [("inbuond", "inbound"), ("recept", "receipt"), ("x", nil), ("verfiy", "verify")] as [(String, String?)])
    func `guesses the word that was meant`(word: String, meant: String?) {
        #expect(word.closest(of: ["inbound", "receipt", "verify", "answer"]) == meant)
    }
}
