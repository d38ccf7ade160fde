import Foundation
import HTTPTypes
import Parley
import Postgres

extension API {
    func mountContacts(on routes: inout Routes) {
        self.pages("/v1/contacts", filters: ["address"], on: &routes, self.listContacts)
        self.read("/v1/contacts/:id", on: &routes, self.showContact)
        self.list("/v1/contacts/:id/identities", on: &routes, self.listIdentities)
        self.pages("/v1/contacts/:id/timeline", on: &routes, self.readTimeline)
        self.change(.post, "/v1/contacts/:id/merge", on: &routes, self.mergeContacts)
        self.pages("/v1/contact-merges", filters: ["contactId"], on: &routes, self.listMerges)
        self.change(.post, "/v1/contact-merges/:id/undo", on: &routes, self.undoMerge)
        self.pages("/v1/interactions", filters: ["contactId", "channelId"], on: &routes, self.listInteractions)
    }

    private func listContacts(_ call: APICall, _ page: Page) async throws -> JSON {
        let rows = try await self.pool.query(
            in: .workspace(call.workspace.uuid),
            ContactStore.page(in: call.workspace, address: page.filters["address"], before: page.after, limit: page.limit + 1)
        )
        return page.answer(try rows.map(ContactStore.record), id: \.id.uuid, json: \.json)
    }

    private func showContact(_ call: APICall) async throws -> JSON { try await self.contact(try call.id("id"), call).json }

    private func listIdentities(_ call: APICall) async throws -> [JSON] { try await self.showContact(call)["identities"]?.array ?? [] }

    private func readTimeline(_ call: APICall, _ page: Page) async throws -> JSON {
        let id: ContactID = try call.id("id")
        _ = try await self.contact(id, call)
        let before = page.after.map { MessageID($0) }
        let source = Timeline.page(of: id, in: call.workspace, before: before, limit: page.limit + 1)
        return try await self.messages(call, page, MessageStore.select(from: source, order: "m.id DESC"))
    }

    private func mergeContacts(_ call: APICall, _ transaction: Transaction) async throws -> APIAnswer {
        var fields = try Fields(body: call.request)
        _ = fields.required("fromContactId")
        let source = fields.id("fromContactId", as: ContactID.self)
        let reason = fields.line("reason", upTo: 1000)
        try fields.finish()
        guard let source else { throw Problem.notFound }
        let target: ContactID = try call.id("id")
        let merge = Identifier<Never>.make(at: call.request.at)
        var evidence: [String: JSON] = ["by": .string(call.actor)]
        evidence["reason"] = reason.map(JSON.string)
        try await Self.translatingMerge {
            try await ContactMerging.merge(
                source,
                into: target,
                of: call.workspace,
                as: merge.uuid,
                evidence: .object(evidence),
                on: transaction
            )
        }
        let json = try await ContactMerge.find(merge.uuid, in: call.workspace, on: transaction)?.json
        return APIAnswer(.created, json, audit: [call.audit(.contactMerge, "contact:\(target)", after: json)])
    }

    private func listMerges(_ call: APICall, _ page: Page) async throws -> JSON {
        let statement = ContactMerge.list(of: try page.id("contactId"), in: call.workspace, before: page.after, limit: page.limit + 1)
        let found = try await self.pool.query(in: .workspace(call.workspace.uuid), statement).map(ContactMerge.init)
        return page.answer(found, id: \.id, json: \.json)
    }

    private func undoMerge(_ call: APICall, _ transaction: Transaction) async throws -> APIAnswer {
        var fields = try Fields(body: call.request)
        try fields.finish()
        let merge = try call.uuid("id")
        // What `undo` does not refuse was never undone, so nobody else changes it in between.
        let before = try await ContactMerge.find(merge, in: call.workspace, on: transaction)?.json
        try await Self.translatingMerge { try await ContactMerging.undo(merge, of: call.workspace, on: transaction) }
        let after = try await ContactMerge.find(merge, in: call.workspace, on: transaction)?.json
        let target = "contact-merge:\(merge.uuidString.lowercased())"
        return APIAnswer(.ok, after, audit: [call.audit(.contactUnmerge, target, before: before, after: after)])
    }

    private func listInteractions(_ call: APICall, _ page: Page) async throws -> JSON {
        let statement = InteractionRecord.list(
            by: try page.id("contactId"),
            over: try page.id("channelId"),
            in: call.workspace,
            before: page.after,
            limit: page.limit + 1
        )
        let found = try await self.pool.query(in: .workspace(call.workspace.uuid), statement).map(InteractionRecord.init)
        return page.answer(found, id: \.id, json: \.json)
    }

    private func contact(_ id: ContactID, _ call: APICall) async throws -> ContactStore.Record {
        let rows = try await self.pool.query(in: .workspace(call.workspace.uuid), ContactStore.one(id, in: call.workspace))
        guard let row = rows.first else { throw Problem.notFound }
        return try ContactStore.record(row)
    }

    private static func translatingMerge(_ body: () async throws -> Void) async throws {
        do { try await body() } catch let failure as ContactMerging.Failure {
            switch failure {
            case .sameContact: throw Problem.invalid("/fromContactId", "same_contact", "A contact cannot be merged with itself.")
            case .unknownContact, .unknownMerge: throw Problem.notFound
            case .alreadyUndone: throw Problem(409, "already_undone", "The merge was undone before")
            case .movedOn: throw Problem(409, "moved_on", "A later merge moved an identity on", detail: "Undo that one first.")
            }
        }
    }
}
