import Foundation
import HTTPTypes
import Parley
import Postgres

extension API {
    func mountKeys(on routes: inout Routes) {
        self.list("/v1/workspaces", on: &routes, self.listWorkspaces)
        self.pages("/v1/keys", .manage, on: &routes, self.listKeys)
        self.read("/v1/keys/:id", .manage, on: &routes, self.showKey)
        self.change(.post, "/v1/keys", .manage, on: &routes, self.createKey)
        self.change(.delete, "/v1/keys/:id", .manage, on: &routes, self.revokeKey)
    }

    /// A key knows no other workspace than its own.
    private func listWorkspaces(_ call: APICall) async throws -> [JSON] {
        guard let workspace = try await WorkspaceStore(pool: self.pool).find(call.workspace) else { throw Problem.notFound }
        return [workspace.json]
    }

    private func listKeys(_ call: APICall, _ page: Page) async throws -> JSON {
        let found = try await self.pool.transaction(in: .workspace(call.workspace.uuid)) { transaction in
            try await self.keys.list(in: call.workspace, after: page.after, limit: page.limit + 1, on: transaction)
        }
        return page.answer(found, id: \.id.uuid, json: \.json)
    }

    private func showKey(_ call: APICall) async throws -> JSON {
        let id: KeyID = try call.id("id")
        let found = try await self.pool.transaction(in: .workspace(call.workspace.uuid)) { transaction in
            try await self.keys.find(id, in: call.workspace, on: transaction)
        }
        guard let found else { throw Problem.notFound }
        return found.json
    }

    private func createKey(_ call: APICall, _ transaction: Transaction) async throws -> APIAnswer {
        var fields = try Fields(body: call.request)
        let name = fields.requiredLine("name")
        let scopes = fields.scopes("scopes")
        let expiresAt = fields.date("expiresAt")
        if let expiresAt, expiresAt <= call.request.at { fields.fail("expiresAt", "invalid_time", "Must lie ahead.") }
        try fields.finish()
        let (key, secret) = try await self.keys.create(
            in: call.workspace,
            name: name,
            scopes: scopes,
            expiresAt: expiresAt,
            on: transaction
        )
        var shown = key.json.object ?? [:]
        shown["key"] = .string(secret)  // this once
        return APIAnswer(
            .created,
            .object(shown),
            location: "/v1/keys/\(key.id)",
            audit: [call.audit(.keyCreate, "key:\(key.id)", after: key.json)]
        )
    }

    private func revokeKey(_ call: APICall, _ transaction: Transaction) async throws -> APIAnswer {
        let id: KeyID = try call.id("id")
        guard let revoked = try await self.keys.revoke(id, in: call.workspace, on: transaction) else { throw Problem.notFound }
        let entry = call.audit(.keyRevoke, "key:\(id)", before: revoked.before.json, after: revoked.after.json)
        return APIAnswer(.ok, revoked.after.json, audit: [entry])
    }
}

extension WorkspaceRecord {
    var json: JSON {
        ["id": .string(self.id.description), "name": .string(self.name), "createdAt": .string(Moment.text(self.createdAt))]
    }
}

extension APIKey {
    var json: JSON {
        [
            "id": .string(self.id.description), "name": .string(self.name), "prefix": .string(self.prefix),
            "scopes": .array(self.scopes.map(\.rawValue).sorted().map(JSON.string)),
            "createdAt": .string(Moment.text(self.createdAt)),
            "expiresAt": self.expiresAt.map { .string(Moment.text($0)) } ?? .null,
            "revokedAt": self.revokedAt.map { .string(Moment.text($0)) } ?? .null,
        ]
    }
}

extension Fields {
    fileprivate mutating func scopes(_ name: String) -> Set<Scope> {
        guard let value = self.value(name) else { return [.read, .write] }
        let given = value.array?.map { $0.string.flatMap(Scope.init) } ?? []
        if given.isEmpty || given.contains(nil) {
            self.fail(name, "invalid_choice", "A list of \(Scope.allCases.map(\.rawValue).joined(separator: ", ")).")
        }
        return Set(given.compactMap(\.self))
    }
}
