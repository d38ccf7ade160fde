import Channels
import Foundation
import Logging
import Parley
import Postgres

/// What an operator does at a terminal, on the database itself: no `serve` has to run.
package final class Operator: Sendable {
    let settings: Settings
    let pool: Pool
    let workspaces: WorkspaceStore
    let keys: KeyStore
    /// Who is written into the audit: `cli:root`.
    let actor = "cli:\(NSUserName())"

    private init(settings: Settings) throws {
        self.settings = settings
        self.pool = Pool(settings: .app(try settings.databaseURL, name: "command"), size: 2, logger: Logger(label: "parley"))
        self.workspaces = WorkspaceStore(pool: self.pool)
        self.keys = KeyStore(pool: self.pool)
    }

    /// Opens the database for one command.
    package static func with<T: Sendable>(_ settings: Settings, _ body: (Operator) async throws -> T) async throws -> T {
        let one = try Operator(settings: settings)
        do {
            let value = try await body(one)
            await one.pool.close()
            return value
        } catch {
            await one.pool.close()
            throw error
        }
    }

    /// The workspace that a person means by its id or its name.
    func workspace(_ text: String) async throws -> WorkspaceRecord {
        if let found = try await self.knownWorkspace(text) { return found }
        throw ProcessFailure.failed("there is no workspace \(text): `parley keys create --workspace \(text)` makes it")
    }

    /// A workspace that is there, or one that the command's own transaction makes: when that fails, nothing is left of it.
    struct Target: Sendable {
        var id: WorkspaceID
        var name: String
        var isNew = false

        /// Must come first in the transaction.
        func makeIfNew(on queries: any Queries) async throws {
            if self.isNew { try await WorkspaceStore.create(self.id, name: self.name, on: queries) }
        }
    }

    /// The workspace that a person means, to be made when no workspace has that name.
    func target(_ text: String) async throws -> Target {
        if let found = try await self.knownWorkspace(text) { return Target(id: found.id, name: found.name) }
        if let mistake = LineRule().mistake(in: text) { throw ProcessFailure.usage("the workspace's name", mistake) }
        return Target(id: .make(), name: text, isNew: true)
    }

    private func knownWorkspace(_ text: String) async throws -> WorkspaceRecord? {
        if let id = WorkspaceID(text) {
            if let found = try await self.workspaces.find(id) { return found }
            throw ProcessFailure.failed("there is no workspace \(text)")
        }
        let named = try await self.workspaces.all().filter { $0.name == text }
        if named.count > 1 { throw ProcessFailure.failed("\(named.count) workspaces are called \(text): name one by its id") }
        return named.first
    }

    /// One transaction for a change and its line in the audit.
    func change<T: Sendable>(
        in workspace: WorkspaceID,
        _ body: @escaping @Sendable (Transaction) async throws -> (T, AuditEntry)
    ) async throws -> T {
        try await self.pool.transaction(in: .workspace(workspace.uuid)) { transaction in
            let (value, entry) = try await body(transaction)
            _ = try await transaction.query(entry.insertion(in: workspace))
            return value
        }
    }
}
