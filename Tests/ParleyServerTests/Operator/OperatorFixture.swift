import Foundation
import Parley
import Postgres
import TestSupport
import Testing

@testable import ParleyServer

/// An operator at a terminal, on this test's own database and the shipped adapters.
struct OperatorFixture {
    static let twilio: JSON = [
        "account_sid": .string("AC" + String(repeating: "0", count: 32)), "auth_token": "canary", "from": "+15005550006",
    ]
    /// What `serve` and `work` would be given.
    static func settings(_ more: [String: String] = [:]) throws -> Settings {
        let own = [
            "PARLEY_DATABASE_URL": TestDatabase.current.url, "PARLEY_MASTER_KEY": APIFixture.masterKey,
            "PARLEY_HOME": URL(fileURLWithPath: TestDatabase.migrations).deletingLastPathComponent().path,
        ]
        return try Settings(environment: own.merging(more) { $1 })
    }

    static func run(_ body: (Operator) async throws -> Void) async throws { try await Operator.with(Self.settings(), body) }

    /// What the person reads, and the exit code; nil when the command ends well.
    static func refusal(_ body: @Sendable (Operator) async throws -> Void) async throws -> (code: Int32, text: String)? {
        do {
            try await Self.run(body)
            return nil
        } catch {
            let failure = try #require(ProcessFailure(error))
            return (failure.code, failure.description)
        }
    }

    static func addChannel(_ one: Operator, settings: JSON = Self.twilio) async throws {
        _ = try await one.createKey(workspace: "acme", name: "bot", scopes: ["read"], days: nil)
        _ = try await one.addChannel(workspace: "acme", adapter: "twilio", name: "sms", settings: settings, policy: nil)
    }

    static func count(_ table: String) async throws -> Int {
        try await TestDatabase.current.pool.query(in: .all, SQL(trusted: "SELECT count(*) AS count FROM \(table)"))[0].value("count")
    }
}
