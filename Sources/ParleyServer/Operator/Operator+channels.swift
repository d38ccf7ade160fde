import Channels
import Foundation
package import Parley
import Postgres

extension Operator {
    private static let columns = ["id", "adapter", "name", "status", "hookURL"]

    package func listChannels(workspace: String) async throws -> Listing {
        let (store, workspace) = (try self.channels(), try await self.workspace(workspace))
        let records = try await self.pool.transaction(in: .workspace(workspace.id.uuid)) { try await store.list(in: workspace.id, on: $0) }
        return Listing(columns: Self.columns, rows: try records.map(self.json))
    }

    package func showChannel(_ id: String, workspace: String) async throws -> Listing {
        Listing(columns: Self.columns + ["settings", "policy"], rows: [try self.json(try await self.channel(id, workspace))])
    }

    /// - Parameters:
    ///   - settings: a JSON object, as the adapter's schema wants it.
    ///   - policy: a JSON object; members that are missing have their defaults.
    package func addChannel(workspace: String, adapter: String, name: String, settings: JSON, policy: JSON?) async throws -> Listing {
        let (rules, adapter) = (try self.rules(), try self.adapter(adapter))
        if let mistake = rules.mistake(inName: name) { throw ProcessFailure.usage("the channel's name", mistake) }
        let settings = try await rules.settings(settings, of: adapter)
        let standard = adapter.standardPolicy
        let policy = try self.policy(policy ?? [:], over: standard, of: adapter)
        let (store, workspace) = (try self.channels(), try await self.workspace(workspace))
        let id = ChannelID.make()
        let record = try await self.change(in: workspace.id) { transaction in
            let made = try await store.create(
                id,
                in: workspace.id,
                adapter: adapter.name,
                name: name,
                settings: settings,
                policy: policy,
                on: transaction
            )
            return (
                made, AuditEntry(actor: self.actor, action: .channelCreate, target: "channel:\(id)", after: try self.json(made))
            )
        }
        return Listing(columns: Self.columns, rows: [try self.json(record)])
    }

    /// Changes what is given; of the settings, the members that are given.
    package func setChannel(
        _ id: String,
        workspace: String,
        name: String?,
        settings: JSON?,
        policy: JSON?,
        status: String?
    ) async throws -> Listing {
        let (store, rules) = (try self.channels(), try self.rules())
        if let name, let mistake = rules.mistake(inName: name) { throw ProcessFailure.usage("the channel's name", mistake) }
        let status = try status.map { text throws(ProcessFailure) in
            guard let known = ChannelRecord.Status(rawValue: text), known != .degraded else {
                throw .usage("there is no status \(text) to set: choose from active, disabled")
            }
            return known
        }
        let named = try await self.channel(id, workspace)
        let changed = try await self.change(in: named.workspace) { transaction in
            // Read again: whoever changed it since is not to lose that.
            guard let before = try await store.find(named.id, in: named.workspace, locking: true, on: transaction) else {
                throw ProcessFailure.failed("the channel is gone")
            }
            var wanted = before
            if let name { wanted.name = name }
            if settings != nil || policy != nil {
                let adapter = try self.adapter(wanted.adapter.rawValue)
                if let settings { wanted.settings = try await rules.settings(settings, over: wanted.settings, of: adapter) }
                if let policy { wanted.policy = try self.policy(policy, over: wanted.policy, of: adapter) }
            }
            if let status {
                (wanted.status, wanted.statusReason) = (status, status == .disabled ? "disabled by \(self.actor)" : nil)
            }
            let changed = try await store.update(wanted, on: transaction) ?? wanted
            let entry = AuditEntry(
                actor: self.actor,
                action: .channelUpdate,
                target: "channel:\(changed.id)",
                before: try self.json(before),
                after: try self.json(changed)
            )
            return (changed, entry)
        }
        return Listing(columns: Self.columns, rows: [try self.json(changed)])
    }

    package func removeChannel(_ id: String, workspace: String) async throws {
        let store = try self.channels()
        let record = try await self.channel(id, workspace)
        let entry = AuditEntry(actor: self.actor, action: .channelDelete, target: "channel:\(record.id)", before: try self.json(record))
        try await self.change(in: record.workspace) { transaction in
            do {
                guard try await store.delete(record.id, in: record.workspace, on: transaction) else {
                    throw ProcessFailure.failed("somebody else removed the channel at the same moment")
                }
            } catch let busy as ChannelStore.Busy {
                throw ProcessFailure.failed(
                    "\(busy.deliveries) messages wait to leave over this channel: wait for them, or drop them with `parley queue drop`"
                )
            }
            return ((), entry)
        }
    }

    // MARK: - Pieces

    func channels() throws -> ChannelStore {
        ChannelStore(pool: self.pool, sealer: try self.settings.sealer, adapters: try self.settings.adapters)
    }

    func rules() throws -> ChannelRules { ChannelRules(egress: try self.settings.egress) }

    /// A policy stands on the command line itself, so a mistake in it is wrong usage; one in a file is not.
    private func policy(_ given: JSON, over known: ChannelPolicy, of adapter: any Adapter) throws -> ChannelPolicy {
        let rules = try self.rules()
        do throws(Problem) { return try rules.policy(given, over: known, standard: adapter.standardPolicy) } catch {
            throw ProcessFailure.usage(error.lines.joined(separator: "\n"))
        }
    }

    func adapter(_ name: String) throws -> any Adapter { try self.settings.adapters.named(name) }

    func channel(_ id: String, _ workspace: String) async throws -> ChannelRecord {
        let (store, workspace) = (try self.channels(), try await self.workspace(workspace))
        let found = try await self.pool.transaction(in: .workspace(workspace.id.uuid)) { transaction in
            if let id = ChannelID(id) { return try await store.find(id, in: workspace.id, on: transaction).map { [$0] } ?? [] }
            return try await store.find(named: [id], in: workspace.id, on: transaction)
        }
        guard let channel = found.first else { throw ProcessFailure.failed("there is no channel \(id) in \(workspace.name)") }
        guard found.count == 1 else { throw ProcessFailure.failed("\(found.count) channels are called \(id): name one by its id") }
        return channel
    }

    /// As the API shows a channel: secrets are only said to be there.
    func json(_ record: ChannelRecord) throws -> JSON {
        let shown = try self.settings.adapters[record.adapter]?.settings.redacted(record.settings) ?? [:]
        return [
            "id": .string(record.id.description), "workspaceId": .string(record.workspace.description),
            "adapter": .string(record.adapter.rawValue), "name": .string(record.name), "status": .string(record.status.rawValue),
            "statusReason": record.statusReason.map(JSON.string) ?? .null,
            "hookURL": .string(record.context(publicURL: try self.settings.publicURL).hookURL), "settings": .object(shown),
            "policy": try JSON(parsing: Array(try JSONEncoder().encode(record.policy))), "createdAt": .moment(record.createdAt),
            "updatedAt": .moment(record.updatedAt),
        ]
    }
}
