import Foundation
import Parley
import Testing

@testable import Channels

@Suite struct VerificationTests {
    /// An adapter that takes every request its `verify` lets through.
    private func adapter(_ verify: String, more: String = "") throws -> any Adapter {
        let text = """
            adapter: demo
            kind: demo
            summary: A demo
            settings: {key: {type: string, secret: true, required: false}, old: {type: string, secret: true, required: false}}
            capabilities: {text: {encoding: unicode, characters: 100}}
            limits: {per_second: 1}
            verify: \(verify)
            routes:
              message: {methods: [POST, PUT], inbound: '{id: "1", from: "me"}'\(more)}
            """
        let (declaration, problems) = DeclarationReader.read(text, folder: "demo", name: "demo/adapter.yaml")
        guard let declaration else { throw AdapterLoadError(diagnostics: problems) }
        return DeclarativeAdapter(declaration: declaration, engine: .shared)
    }

    private func code(
        _ verify: String,
        _ headers: [String: String],
        settings: [String: JSON] = ["key": "k"],
        body: String = "the body",
        mode: VerificationMode = .enforce
    ) async throws -> String {
        let request = HookRequest(
            method: "POST",
            url: "https://bridge.test/hooks/1",
            route: nil,
            headers: headers,
            body: Array(body.utf8),
            at: Date(timeIntervalSince1970: 1_772_442_000)
        )
        let received = try await self.adapter(verify).receive(request, for: .test(settings, verification: mode))
        if let code = received.wouldRefuse { return "would refuse: \(code)" }
        switch received.reception {
        case .refused(let code, _): return code
        case .accepted, .ignored: return "accepted"
        case let other: return "\(other)"
        }
    }

    private static let hmac = "{hmac: {key: .settings.key, over: body, given: .headers.sig}}"

    @Test(arguments: [
        (Self.hmac, "bad_signature"),
        ("{hmac: {key: .settings.key, over: body, given: .headers.sig}, require: .json.account == 1}", "tooLarge"),
        ("[{token: {given: .headers.sig, expected: .settings.key}}, {token: {given: .json.token, expected: .settings.key}}]", "tooLarge"),
    ])
    func `what nobody signed is not read where its bytes or its head tell`(verify: String, answer: String) async throws {
        let many = "[\(Array(repeating: "[]", count: JSON.valueLimit).joined(separator: ","))]"
        #expect(try await self.code(verify, ["content-type": "application/json", "sig": "00"], body: many) == answer)
    }

    @Test(arguments: [".headers.sig * 1 | error", "[limit(30; repeat(.body))][]", "[limit(200; repeat(.body))] | add"])
    func `what no key can be compared with does not verify, and is no failure of ours (I24)`(given: String) async throws {
        let verify = "{token: {given: '\(given)', expected: .settings.key}}"
        #expect(try await self.code(verify, ["sig": "x"], body: String(repeating: "y", count: 10_000)) == "bad_signature")
    }

    @Test(arguments: Crypto.Hash.allCases) func `verifies an HMAC of each hash`(hash: Crypto.Hash) async throws {
        let verify = "{hmac: {hash: \(hash.rawValue), key: .settings.key, over: body, given: .headers.sig}}"
        let code = Hex.encode(Crypto.hmac(hash, key: "k".utf8, "the body".utf8))
        #expect(try await self.code(verify, ["sig": code]) == "accepted")
        #expect(try await self.code(verify, ["sig": code.uppercased()]) == "accepted")
        #expect(try await self.code(verify, ["sig": code], body: "another") == "bad_signature")
        #expect(try await self.code(verify, ["sig": String(code.dropLast(2))]) == "bad_signature")
        #expect(try await self.code(verify, ["sig": code + " "]) == "bad_signature")
        #expect(try await self.code(verify, [:]) == "bad_signature")
    }

    @Test func `refuses everybody where the secret is missing or empty`() async throws {
        let code = Hex.encode(Crypto.hmac(.sha256, key: [], "the body".utf8))
        for settings: [String: JSON] in [[:], ["key": ""], ["key": nil], ["key": ["a"]]] {
            #expect(try await self.code(Self.hmac, ["sig": code], settings: settings) == "bad_signature")
            #expect(
                try await self.code("{token: {given: .headers.t, expected: .settings.key}}", ["t": ""], settings: settings)
                    == "bad_signature"
            )
            #expect(
                try await self.code("{bearer: {token: .settings.key}}", ["authorization": "Bearer "], settings: settings) == "bad_signature"
            )
        }
    }

    @Test func `takes an old and a new key side by side`() async throws {
        let verify = "{hmac: {key: '.settings.key, .settings.old', over: body, given: .headers.sig}}"
        for key in ["new", "old"] {
            let code = Hex.encode(Crypto.hmac(.sha256, key: key.utf8, "the body".utf8))
            #expect(try await self.code(verify, ["sig": code], settings: ["key": "new", "old": "old"]) == "accepted")
        }
        let code = Hex.encode(Crypto.hmac(.sha256, key: "other".utf8, "the body".utf8))
        #expect(try await self.code(verify, ["sig": code], settings: ["key": "new", "old": "old"]) == "bad_signature")
    }

    @Test func `takes any of several given signatures, and digests as raw bytes`() async throws {
        let verify =
            "{hmac: {key: .settings.key, over: ['\"x\"', {sha512: body}], given: '.headers.sig | split(\" \")[]', prefix: 'v1,', encoding: base64}}"
        let message = Array("x".utf8) + Crypto.digest(.sha512, "the body".utf8)
        let code = "v1,\(Base64.encode(Crypto.hmac(.sha256, key: "k".utf8, message)))"
        #expect(try await self.code(verify, ["sig": "v1,AAAA \(code)"]) == "accepted")
        #expect(try await self.code(verify, ["sig": "v2,AAAA \(code.dropFirst(3))"]) == "bad_signature")
    }

    @Test(arguments: [(0, "accepted"), (300, "accepted"), (301, "stale_timestamp"), (-300, "accepted"), (-301, "stale_timestamp")])
    func `refuses what was signed too long ago or too far ahead`(offset: Int, code: String) async throws {
        let verify = "{hmac: {key: .settings.key, over: [.headers.ts, body], given: .headers.sig}, timestamp: .headers.ts}"
        let stamp = "\(1_772_442_000 + offset)"
        let signature = Hex.encode(Crypto.hmac(.sha256, key: "k".utf8, (stamp + "the body").utf8))
        #expect(try await self.code(verify, ["sig": signature, "ts": stamp]) == code)
    }

    @Test func `says stale only of what is rightly signed`() async throws {
        let verify = "{hmac: {key: .settings.key, over: body, given: .headers.sig}, timestamp: .headers.ts}"
        #expect(try await self.code(verify, ["sig": "00", "ts": "1"]) == "bad_signature")
        let signature = Hex.encode(Crypto.hmac(.sha256, key: "k".utf8, "the body".utf8))
        #expect(try await self.code(verify, ["sig": signature]) == "stale_timestamp")
        #expect(try await self.code(verify, ["sig": signature, "ts": "nan"]) == "stale_timestamp")
    }

    @Test func `off believes everybody, shadow tells what it would refuse`() async throws {
        #expect(try await self.code(Self.hmac, [:], mode: .off) == "accepted")
        #expect(try await self.code(Self.hmac, [:], mode: .shadow) == "would refuse: bad_signature")
        #expect(try await self.code("none", [:]) == "accepted")
    }

    @Test func `asks for a user and a password, a bearer, a token`() async throws {
        let basic = "{basic: {username: '\"u\"', password: .settings.key}}"
        #expect(try await self.code(basic, ["authorization": "Basic \(Base64.encode(Array("u:k".utf8)))"]) == "accepted")
        #expect(try await self.code(basic, ["authorization": "basic \(Base64.encode(Array("u:K".utf8)))"]) == "bad_signature")
        #expect(try await self.code("{bearer: {token: .settings.key}}", ["authorization": "bearer k"]) == "accepted")
        #expect(try await self.code("{bearer: {token: .settings.key}}", ["authorization": "k"]) == "bad_signature")
        #expect(try await self.code("{token: {given: .headers.t, expected: .settings.key}}", ["t": "k"]) == "accepted")
    }

    @Test func `one of several is enough, each only where it applies`() async throws {
        let verify =
            "[{when: '.headers.kind == \"a\"', token: {given: .headers.t, expected: '\"1\"'}}, {when: '.headers.kind == \"b\"', token: {given: .headers.t, expected: '\"2\"'}, require: '.headers.account == \"mine\"'}]"
        #expect(try await self.code(verify, ["kind": "a", "t": "1"]) == "accepted")
        #expect(try await self.code(verify, ["kind": "b", "t": "1"]) == "bad_signature")
        #expect(try await self.code(verify, ["kind": "b", "t": "2"]) == "bad_signature")
        #expect(try await self.code(verify, ["kind": "b", "t": "2", "account": "mine"]) == "accepted")
        #expect(try await self.code(verify, ["t": "1"]) == "bad_signature")
    }

    @Test func `verifies RSA with a key long enough, and no other`() async throws {
        let verify = "{rsa: {key: .settings.key, over: body, given: .headers.sig, encoding: base64}}"
        #expect(try await self.code(verify, ["sig": Self.rsaSignature], settings: ["key": .string(Self.rsaKey)]) == "accepted")
        #expect(
            try await self.code(verify, ["sig": Self.rsaSignature], settings: ["key": .string(Self.rsaKey)], body: "x") == "bad_signature"
        )
        #expect(try await self.code(verify, ["sig": Self.shortSignature], settings: ["key": .string(Self.shortKey)]) == "bad_signature")
        #expect(try await self.code(verify, ["sig": Self.rsaSignature], settings: ["key": "no key"]) == "bad_signature")
    }

    static let rsaKey = """
        -----BEGIN PUBLIC KEY-----
        MIIBIjANBgkqhkiG9w0BAQEFAAOCAQ8AMIIBCgKCAQEAzP0VXRlBwMTsb1MxPCTi
        5Y+lwqUhW2L2MCTGy4pArmWfOeOke/Sfa9dqzjN1OKUECjj2nr5xA0J8J0nnKHKX
        S0Y88MUdZkpz/Qe5phOe0QuDW559JUnrtQYEiWpjM9vP1AQd2TmeogYr2UrsDsz0
        iYve9owoDrsFdKPBPyl1FNEoxCfOfaYI6MfWe8EI3cI9zP1+DCAR7S9oYsSPf9u3
        TbUHcuNfG4gJBd4kEe8qbYcIQVodRBx9CYwHNOHK4ErCyvqi4MgJKC5oZow+obr4
        hgtrRAS8SVB4g3aRiDv05tqokfwJEgBVlJCDaBUxhueiS6TOfUCs2iPEHVQj9Y53
        iQIDAQAB
        -----END PUBLIC KEY-----
        """
    private static let rsaSignature =
        "ZVHapFMP4UiopKli5nkCXBU3N4KFAjRmIZ7qjx7GW18Hwf8HXSrTxWt2FB71rlJO9dL9NFh85Lm5cVbuQoNq42Nn4PGo9spUKtNKEFIC51Xvc34275rVfS0MBCtyVFAExtiaRaAiUA5vz66+IRpdcPPeJ0dUsudTiOmuJ0uinRpd1EWZdiW3Uk0XiLj0ZPSup3VDT/onP3QrYQS/mxXlxi6S8rRZNrVvCujsp6ha+ocp4NMCWSpX2yYAMThJhdAGb8BPBxdOIwQpu4d/K5jq4oVRwwcZPaMYFpSry5+Nr+dURVh96QSNBktEGrogMVKgWsni+08JGJ8q5zxXUhYs4g=="
    /// 1024 bits.
    static let shortKey = """
        -----BEGIN PUBLIC KEY-----
        MIGfMA0GCSqGSIb3DQEBAQUAA4GNADCBiQKBgQDReX4lvVSpPqoHq7DtbkfY9zbZ
        hjRJtHPnOW9OSU8KBx0uPsUrudVgdK5k04T+GPoUI0gusMf8sNeEpB7ri3dF+uNc
        zy2015opWHL2zkuDPEyUW/Qc/MCCXo8ZySXB8s6q4ydMoxNR/30rU62Lq4i7RHXf
        qPWraUPj2jyjWImViwIDAQAB
        -----END PUBLIC KEY-----
        """
    private static let shortSignature =
        "CbM6HMh5XcFKdgwAee2iXQwZU3KtO5K1BfiA3H3exDdRSRyg4DdJjjgxadNlR6bWGI1MgDD30TZv2mA48zfenziKZKqbfa0mAt7hmXrpyvGkTjY69aVLyjAY1XhEUU6uvyNvYXlaBnKZuEOef6doWomOUqLnrQvlkuI5NvH3/a8="
}
