import Channels
package import Foundation
package import Parley
package import Postgres

/// What a key may do.
package enum Scope: String, Sendable, CaseIterable {
    case read
    /// Send messages, end and start conversations, merge contacts.
    case write
    /// Channels, keys, dead letters, raw requests.
    case manage
}

/// One API key, without what opens the door.
package struct APIKey: Sendable {
    package var workspace: WorkspaceID
    package var id: KeyID
    package var name: String
    /// The first characters, to tell keys apart.
    package var prefix: String
    package var scopes: Set<Scope>
    package var createdAt: Date
    package var expiresAt: Date?
    package var revokedAt: Date?
}

/// The API keys: 256 random bits, shown once, kept as a hash.
package final class KeyStore: Sendable {
    /// The notification's payload is the key's id.
    package static let notifications = "parley_keys"

    private let pool: Pool
    /// By the secret's hash.
    private let memory: ShortMemory<[UInt8], APIKey?>

    /// - Parameter timeToLive: how long a revoked key may still work when the notification is lost.
    package init(pool: Pool, timeToLive: Duration = .seconds(1)) {
        self.pool = pool
        self.memory = ShortMemory(timeToLive: timeToLive) { $0 != nil }
    }

    /// The key that `secret` is; nil when it is none, was revoked or is over. No secret takes the way of a wrong one, so that
    /// neither the text nor the time of the answer tells them apart.
    package func authenticate(_ secret: String?) async throws -> APIKey? {
        let hash = Self.hash(secret)
        return try await self.memory.value(of: hash) {
            let rows = try await self.pool.query(
                in: .all,
                """
                SELECT \(Self.columns) FROM api_keys
                WHERE hash = \(hash) AND revoked_at IS NULL AND (expires_at IS NULL OR expires_at > now())
                """
            )
            return try rows.first.map(Self.key)
        }
    }

    /// Whether `secret` worked in this process when it was last looked up; it may be over since.
    func hasSeen(_ secret: String?) -> Bool { self.memory.last(of: Self.hash(secret)) != nil }

    package func forgetAll() { self.memory.forget(nil) }

    private static func hash(_ secret: String?) -> [UInt8] { Crypto.sha256((secret ?? "").utf8) }

    // MARK: - Writing and listing

    /// - Returns: the key and its secret, which nobody can read again.
    package func create(
        in workspace: WorkspaceID,
        name: String,
        scopes: Set<Scope>,
        expiresAt: Date? = nil,
        at now: Date = Date(),
        on queries: any Queries
    ) async throws -> (key: APIKey, secret: String) {
        let secret = "pk_" + Hex.encode(try Crypto.random(32))
        let rows = try await queries.query(
            """
            INSERT INTO api_keys (workspace_id, id, name, prefix, hash, scopes, expires_at)
            VALUES (\(workspace.uuid), \(KeyID.make(at: now).uuid), \(name), \(String(secret.prefix(11))), \(Crypto.sha256(secret.utf8)),
                \(scopes.map(\.rawValue).sorted()), \(expiresAt))
            RETURNING \(Self.columns)
            """
        )
        return (try Self.key(rows[0]), secret)
    }

    /// - Returns: the key as it was and as it is now; nil when there is no such key. Revoking twice is revoking once.
    package func revoke(
        _ id: KeyID,
        in workspace: WorkspaceID,
        on transaction: Transaction
    ) async throws -> (before: APIKey, after: APIKey)? {
        let results = try await transaction.pipeline([
            """
            SELECT \(Self.columns) FROM api_keys
            WHERE workspace_id = \(workspace.uuid) AND id = \(id.uuid) FOR NO KEY UPDATE
            """,
            """
            UPDATE api_keys SET revoked_at = coalesce(revoked_at, now())
            WHERE workspace_id = \(workspace.uuid) AND id = \(id.uuid) RETURNING \(Self.columns)
            """,
            "SELECT pg_notify(\(Self.notifications), \(id.description))",
        ])
        guard let before = results[0].first, let after = results[1].first else { return nil }
        return (try Self.key(before), try Self.key(after))
    }

    package func list(in workspace: WorkspaceID, after: UUID? = nil, limit: Int = 200, on queries: any Queries) async throws -> [APIKey] {
        let rows = try await queries.query(
            """
            SELECT \(Self.columns) FROM api_keys
            WHERE workspace_id = \(workspace.uuid) AND id > \(after ?? .lowest) ORDER BY id LIMIT \(limit)
            """
        )
        return try rows.map(Self.key)
    }

    package func find(_ id: KeyID, in workspace: WorkspaceID, on queries: any Queries) async throws -> APIKey? {
        let rows = try await queries.query(
            "SELECT \(Self.columns) FROM api_keys WHERE workspace_id = \(workspace.uuid) AND id = \(id.uuid)"
        )
        return try rows.first.map(Self.key)
    }

    private static let columns: SQL = "workspace_id, id, name, prefix, scopes, created_at, expires_at, revoked_at"

    private static func key(_ row: Row) throws(PostgresError) -> APIKey {
        APIKey(
            workspace: WorkspaceID(try row.value("workspace_id", as: UUID.self)),
            id: KeyID(try row.value("id", as: UUID.self)),
            name: try row.value("name"),
            prefix: try row.value("prefix"),
            scopes: Set(try row.array("scopes", of: String.self).compactMap(Scope.init)),
            createdAt: try row.value("created_at"),
            expiresAt: try row.optional("expires_at"),
            revokedAt: try row.optional("revoked_at")
        )
    }
}
