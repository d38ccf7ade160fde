import Foundation
import Parley
import Postgres

extension Operator {
    /// A hundred years: what is meant to last longer is meant to last for ever.
    private static let days = 1...36_500
    private static let columns = ["id", "name", "prefix", "scopes", "createdAt", "expiresAt", "revokedAt"]

    package func listKeys(workspace: String) async throws -> Listing {
        let workspace = try await self.workspace(workspace)
        let keys = try await self.pool.transaction(in: .workspace(workspace.id.uuid)) { [keys] in
            try await keys.list(in: workspace.id, on: $0)
        }
        return Listing(columns: Self.columns, rows: keys.map(Self.json))
    }

    /// - Parameters:
    ///   - scopes: `read`, `write`, `manage`.
    ///   - days: how long the key works, 1 to 36,500; nil for ever.
    /// - Returns: the key with its secret, as `key`: nobody can read it again.
    package func createKey(workspace: String, name: String, scopes: [String], days: Int?) async throws -> Listing {
        let wanted = Set(
            try scopes.map { text throws(ProcessFailure) in
                guard let scope = Scope(rawValue: text) else {
                    throw .usage("there is no scope \(text): choose from \(Scope.allCases.map(\.rawValue).joined(separator: ", "))")
                }
                return scope
            }
        )
        if let mistake = LineRule().mistake(in: name) { throw ProcessFailure.usage("the key's name", mistake) }
        if let days, !Self.days.contains(days) {
            throw ProcessFailure.usage("--days must be \(Self.days.lowerBound) to \(Self.days.upperBound), or not be given at all")
        }
        let workspace = try await self.target(workspace)
        let expiresAt = days.map { Date(timeIntervalSinceNow: Double($0) * 86_400) }
        let (key, secret) = try await self.change(in: workspace.id) { [keys, actor] transaction in
            try await workspace.makeIfNew(on: transaction)
            let made = try await keys.create(in: workspace.id, name: name, scopes: wanted, expiresAt: expiresAt, on: transaction)
            return (made, AuditEntry(actor: actor, action: .keyCreate, target: "key:\(made.key.id)", after: Self.json(made.key)))
        }
        var row = Self.json(key).object ?? [:]
        row["key"] = .string(secret)
        row["workspaceId"] = .string(workspace.id.description)
        return Listing(columns: ["id", "workspaceId", "key"], rows: [.object(row)])
    }

    package func revokeKey(_ id: String, workspace: String) async throws {
        guard let id = KeyID(id) else { throw ProcessFailure.usage("\(id) is no key's id: see `parley keys list`") }
        let workspace = try await self.workspace(workspace)
        try await self.change(in: workspace.id) { [keys, actor] transaction in
            guard let revoked = try await keys.revoke(id, in: workspace.id, on: transaction) else {
                throw ProcessFailure.failed("there is no key \(id) in \(workspace.name)")
            }
            let (before, after) = (Self.json(revoked.before), Self.json(revoked.after))
            return ((), AuditEntry(actor: actor, action: .keyRevoke, target: "key:\(id)", before: before, after: after))
        }
    }

    private static func json(_ key: APIKey) -> JSON {
        [
            "id": .string(key.id.description), "name": .string(key.name), "prefix": .string(key.prefix),
            "scopes": .array(key.scopes.map(\.rawValue).sorted().map(JSON.string)), "createdAt": .moment(key.createdAt),
            "expiresAt": .moment(key.expiresAt), "revokedAt": .moment(key.revokedAt),
        ]
    }
}

extension JSON {
    /// RFC 3339 in UTC with milliseconds; null for nil.
    static func moment(_ date: Date?) -> JSON {
        date.map { .string(Date.ISO8601FormatStyle(includingFractionalSeconds: true).format($0)) } ?? .null
    }
}
