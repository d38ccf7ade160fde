import Channels
import Foundation
import HTTPTypes
import HummingbirdCore
import Parley
import Postgres

/// Makes a visitor who signed in one with what is known of them: the site itself vouches for the user's id.
///
/// An id that is an email address or a phone number is the person of that address. What the browser wrote before it signed in is theirs too.
/// All of it by merges, which anybody can undo; what was undone is not merged again by signing in.
struct VisitorJoining: Sendable {
    var channel: ChannelID
    var workspace: WorkspaceID
    var userID: String
    /// What this browser was called before.
    var anonymous: Address?
    var at: Date

    private var user: Address { Visitor(device: "", userID: self.userID).address }

    /// The addresses that the user's id itself is, elsewhere.
    private var namesakes: [Address] {
        var found: [Address] = []
        if let mail = MailAddress(self.userID) { found.append(Address(space: .email, value: mail.identity)) }
        if self.userID.hasPrefix("+"), let number = PhoneNumber(rawValue: self.userID) {
            found.append(Address(space: AddressSpace(rawValue: "sms"), value: number.rawValue))
        }
        return found
    }

    /// - Returns: whether what this browser wrote before is the user's; false when it was somebody else's who signed in on it.
    func run(on transaction: Transaction) async throws -> Bool {
        // Several pages of one user open at once; each would find the same left to do.
        _ = try await transaction.query(
            "SELECT pg_advisory_xact_lock(hashtextextended(\(self.workspace.description + self.user.value), 0))"
        )
        let isOurs = try await self.claim(on: transaction)
        let own = try await self.contact(of: self.user, on: transaction)
        var target = own
        if let namesake = try await self.namesake(on: transaction), namesake != own, try await !self.isUndone(own, on: transaction) {
            try await self.merge(own, into: namesake, because: "user_id_is_address", on: transaction)
            target = namesake
        }
        if isOurs, let anonymous {
            let before = try await self.contact(of: anonymous, on: transaction)
            if before != target, try await !self.isUndone(before, on: transaction) {
                try await self.merge(before, into: target, because: "signed_in", on: transaction)
            }
        }
        transaction.notifyAfterCommit([EventFeed.notice])
        return isOurs
    }

    /// The first who signs in on a browser keeps what was written there before.
    private func claim(on transaction: Transaction) async throws -> Bool {
        guard let anonymous else { return true }
        let rows = try await transaction.pipeline([
            """
            INSERT INTO webchat_visitors (workspace_id, channel_id, visitor, user_address)
            VALUES (\(self.workspace.uuid), \(self.channel.uuid), \(anonymous.value), \(self.user.value)) ON CONFLICT DO NOTHING
            """,
            """
            SELECT user_address FROM webchat_visitors
            WHERE workspace_id = \(self.workspace.uuid) AND channel_id = \(self.channel.uuid) AND visitor = \(anonymous.value)
            """,
        ])
        return try rows[1].first.map { Exact(try $0.value("user_address")) } == Exact(self.user.value)
    }

    /// The contact of an address, made when it is new: what waits in the queue will find it.
    private func contact(of address: Address, on transaction: Transaction) async throws -> ContactID {
        let plan = ThreadingPlan(meeting: Person(workspace: self.workspace, address: address), proof: .token, at: self.at)
        let rows = try await transaction.pipeline(
            plan.statements + [
                """
                SELECT contact_id FROM identities WHERE workspace_id = \(self.workspace.uuid) AND space = \(address.space.rawValue)
                    AND address = \(address.value)
                """
            ]
        )
        guard let row = rows.last?.first else { throw PostgresError(.badValue, "an identity is gone") }
        return ContactID(try row.value("contact_id"))
    }

    private func namesake(on transaction: Transaction) async throws -> ContactID? {
        let addresses = self.namesakes
        guard !addresses.isEmpty else { return nil }
        let rows = try await transaction.query(
            """
            SELECT i.contact_id FROM unnest(\(addresses.map(\.space.rawValue)), \(addresses.map(\.value))) AS g (space, address)
            JOIN identities i ON i.workspace_id = \(self.workspace.uuid) AND i.space = g.space AND i.address = g.address
            ORDER BY i.created_at LIMIT 1
            """
        )
        return try rows.first.map { ContactID(try $0.value("contact_id")) }
    }

    /// Somebody took a merge of this contact back: they know better than a sign-in.
    private func isUndone(_ contact: ContactID, on transaction: Transaction) async throws -> Bool {
        let rows = try await transaction.query(
            """
            SELECT EXISTS (SELECT FROM contact_merges WHERE workspace_id = \(self.workspace.uuid) AND from_contact = \(contact.uuid)
                AND undone_at IS NOT NULL AND evidence->>'by' = 'webchat') AS undone
            """
        )
        return try rows[0].value("undone")
    }

    private func merge(_ source: ContactID, into target: ContactID, because rule: String, on transaction: Transaction) async throws {
        let evidence: JSON = [
            "by": "webchat", "rule": .string(rule), "channelId": .string(self.channel.description), "userId": .string(self.userID),
        ]
        try await ContactMerging.merge(
            source,
            into: target,
            of: self.workspace,
            as: Identifier<Never>.make(at: self.at).uuid,
            evidence: evidence,
            on: transaction
        )
    }
}
