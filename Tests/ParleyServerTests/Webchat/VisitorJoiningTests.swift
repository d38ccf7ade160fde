import Channels
import Foundation
import Parley
import Postgres
import TestSupport
import Testing

@testable import ParleyServer

@Suite(.database) struct VisitorJoiningTests {
    private func contact(_ shop: WebchatFixture, _ address: String) async throws -> String? {
        try await shop.pool.query(
            in: .workspace(shop.workspace.uuid),
            "SELECT contact_id::text AS id FROM identities WHERE address = \(address)"
        ).first?.value("id")
    }
    private func merges(_ shop: WebchatFixture) async throws -> [String] {
        try await shop.pool.query(
            in: .workspace(shop.workspace.uuid),
            "SELECT id::text AS id FROM contact_merges WHERE undone_at IS NULL ORDER BY id"
        ).map { try $0.value("id") }
    }
    private func know(_ shop: WebchatFixture, _ space: String, _ address: String) async throws {
        let contact = ContactID.make()
        _ = try await shop.pool.pipeline(
            in: .workspace(shop.workspace.uuid),
            [
                "INSERT INTO contacts (workspace_id, id) VALUES (\(shop.workspace.uuid), \(contact.uuid))",
                """
                INSERT INTO identities (workspace_id, id, space, address, contact_id, proven)
                VALUES (\(shop.workspace.uuid), \(IdentityID.make().uuid), \(space), \(address), \(contact.uuid), 'provider')
                """,
            ]
        )
    }

    @Test func `who signs in keeps what was written before, and is the contact of that address`() async throws {
        try await WebchatFixture.run { shop in
            try await self.know(shop, "email", "ann@example.org")
            let anonymous = try await shop.browser()
            try await anonymous.say("before")
            try await anonymous.sees(["before"])
            let user = try await shop.browser(["token": .string(anonymous.token), "identity": WebchatFixture.proof("Ann@Example.org")])
            #expect(user.id == "user:Ann@Example.org")
            try await user.say("after")
            try await user.sees(["after", "before"])
            let known = try await self.contact(shop, "ann@example.org")
            #expect(try await self.contact(shop, "user:Ann@Example.org") == known)
            #expect(try await self.contact(shop, anonymous.id) == known)
            // Another device of hers.
            let phone = try await shop.browser(["identity": WebchatFixture.proof("Ann@Example.org")])
            try await phone.sees(["after", "before"])

            // Undone by hand, and not done again by the next sign-in.
            let merges = try await self.merges(shop)
            #expect(merges.count == 2)
            for merge in merges { #expect(try await shop.agent.send("POST", "/v1/contact-merges/\(merge)/undo").status == 200) }
            _ = try await shop.browser(["token": .string(anonymous.token), "identity": WebchatFixture.proof("Ann@Example.org")])
            #expect(try await self.contact(shop, "user:Ann@Example.org") != known)
            #expect(try await self.contact(shop, anonymous.id) != known)
            #expect(try await self.merges(shop).isEmpty)
        }
    }

    @Test func `a forged proof signs nobody in, and signing in needs the channel's secret`() async throws {
        try await WebchatFixture.run { shop in
            try await self.know(shop, "email", "ann@example.org")
            let bens = WebchatFixture.proof("ben")["hash"] ?? .null
            let proofs: [JSON] = [
                WebchatFixture.proof("ann@example.org", secret: "guess"), ["userId": "ann@example.org", "hash": "00"],
                ["userId": "ann@example.org", "hash": bens],
            ]
            for proof in proofs {
                let answer = try await shop.session(["identity": proof])
                #expect((answer.status, answer.code) == (401, "bad_identity"))
                #expect(answer.json["token"] == nil)
            }
            #expect(try await self.merges(shop).isEmpty)
        }
    }

    @Test func `the second who signs in on one browser gets nothing of the first`() async throws {
        try await WebchatFixture.run { shop in
            let anonymous = try await shop.browser()
            try await anonymous.say("ann's secret")
            try await anonymous.sees(["ann's secret"])
            let ann = try await shop.browser(["token": .string(anonymous.token), "identity": WebchatFixture.proof("ann")])
            #expect(try await ann.texts() == ["ann's secret"])
            for token in [anonymous.token, ann.token] {
                let ben = try await shop.browser(["token": .string(token), "identity": WebchatFixture.proof("ben")])
                #expect(try await ben.texts() == [])
            }
            let (ben, other) = (try await self.contact(shop, "user:ben"), try await self.contact(shop, "user:ann"))
            #expect(ben != nil && ben != other)
        }
    }
}
