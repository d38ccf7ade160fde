import Parley
import Postgres
import TestSupport
import Testing

@testable import ParleyServer

@Suite(.database) struct AuditTests {
    @Test func `what is done at a terminal is audited by id, with what was and what is, and without secrets`() async throws {
        try await OperatorFixture.run { one in
            try await OperatorFixture.addChannel(one)
            _ = try await one.setChannel(
                "sms",
                workspace: "acme",
                name: "texts",
                settings: ["auth_token": "canary-2"],
                policy: nil,
                status: nil
            )
            try await one.removeChannel("texts", workspace: "acme")
        }
        let rows = try await TestDatabase.current.pool.query(
            in: .all,
            """
            SELECT action, target, coalesce(before ->> 'name', '-') AS before, coalesce(after ->> 'name', '-') AS after, after ->> 'id' AS id,
                coalesce(before::text, '') || coalesce(after::text, '') AS text
            FROM audit WHERE action LIKE 'channel.%' ORDER BY id
            """
        )
        let id = try rows[0].value("id", as: String.self)
        let seen = try rows.map { row in
            try ["action", "before", "after"].map { try row.value($0, as: String.self) }.joined(separator: " ")
        }
        #expect(seen == ["channel.create - sms", "channel.update sms texts", "channel.delete texts -"])
        for row in rows {
            #expect(try row.value("target", as: String.self) == "channel:\(id)")
            #expect(try !row.value("text", as: String.self).contains("canary"))
        }
    }
}
