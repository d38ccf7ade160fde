import Channels
import Foundation
import Parley
import Postgres

/// What a file says that a workspace's channels should be.
package struct ChannelsFile: Sendable {
    struct Wanted: Sendable {
        var name: String
        var adapter: String
        var settings: JSON
        var policy: JSON?
    }
    let workspace: String
    let channels: [Wanted]

    /// - Parameter environment: where `${NAME}`, as the whole of a setting, takes its value from: secrets need not stand in the file.
    package init(path: String, environment: [String: String] = ProcessInfo.processInfo.environment) throws {
        guard let data = FileManager.default.contents(atPath: path) else { throw ProcessFailure.failed("\(path) cannot be read") }
        let json: JSON
        do throws(AdapterLoadError) { json = try YAMLDocument.json(String(decoding: data, as: UTF8.self), name: path) } catch {
            throw ProcessFailure.failed(error.description)
        }
        try Self.refuseUnknown(json, known: ["workspace", "channels"], at: path)
        guard let workspace = json["workspace"]?.string, let items = json["channels"]?.array else {
            throw ProcessFailure.failed("\(path): 'workspace' and a list of 'channels' are needed")
        }
        self.workspace = workspace
        self.channels = try items.enumerated().map { index, item in
            let place = "\(path): channels/\(index)"
            try Self.refuseUnknown(item, known: ["name", "adapter", "settings", "policy"], at: place)
            guard let name = item["name"]?.string, let adapter = item["adapter"]?.string, let settings = item["settings"]?.object else {
                throw ProcessFailure.failed("\(place): 'name', 'adapter' and 'settings' are needed")
            }
            let opened = try settings.mapValues { value -> JSON in
                guard let text = value.string, text.hasPrefix("${"), text.hasSuffix("}") else { return value }
                let variable = String(text.dropFirst(2).dropLast())
                guard let value = environment[variable] else { throw ProcessFailure.failed("\(place): the environment has no \(variable)") }
                return .string(value)
            }
            return Wanted(name: name, adapter: adapter, settings: .object(opened), policy: item["policy"])
        }
        guard Set(self.channels.map(\.name)).count == self.channels.count else {
            throw ProcessFailure.failed("\(path): two channels have one name, and the name is what they are known by")
        }
    }

    private static func refuseUnknown(_ json: JSON, known: Set<String>, at place: String) throws {
        if let stranger = json.object?.keys.sorted().first(where: { !known.contains($0) }) {
            throw ProcessFailure.failed("\(place): there is no member '\(stranger)'; known are \(known.sorted().joined(separator: ", "))")
        }
    }
}

extension Operator {
    /// Makes a workspace's channels be what a file says: all of it, or nothing. Channels that the file does not name stay as they are.
    package func apply(_ file: ChannelsFile) async throws -> Listing {
        let (store, workspace) = (try self.channels(), try await self.workspace(file.workspace, orMake: true))
        let wanted = try file.channels.map { item in
            let adapter = try self.adapter(item.adapter)
            return (
                item.name, adapter.name, try Self.valid(item.settings, for: adapter),
                try Self.policy(item.policy, over: adapter.standardPolicy)
            )
        }
        let rows = try await self.pool.transaction(in: .workspace(workspace.id.uuid)) { [actor] transaction in
            let known = try await store.list(in: workspace.id, on: transaction)
            var rows: [(ChannelRecord, String)] = []
            for (name, adapter, settings, policy) in wanted {
                let outcome: (ChannelRecord, String)
                if var found = known.first(where: { $0.name == name }) {
                    guard found.adapter == adapter else {
                        throw ProcessFailure.failed(
                            "\(name) is a channel of \(found.adapter): an adapter cannot be changed, take another name"
                        )
                    }
                    let isSame = found.settings == settings && found.policy == policy
                    (found.settings, found.policy) = (settings, policy)
                    outcome = isSame ? (found, "unchanged") : (try await store.update(found, on: transaction) ?? found, "changed")
                } else {
                    let made = try await store.create(
                        .make(),
                        in: workspace.id,
                        adapter: adapter,
                        name: name,
                        settings: settings,
                        policy: policy,
                        on: transaction
                    )
                    outcome = (made, "made")
                }
                if outcome.1 != "unchanged" {
                    let entry = AuditEntry(actor: actor, action: "channel.apply", target: "channel:\(outcome.0.id)")
                    _ = try await transaction.query(entry.insertion(in: workspace.id))
                }
                rows.append(outcome)
            }
            return rows
        }
        return Listing(
            columns: ["outcome", "id", "adapter", "name", "hookURL"],
            rows: try rows.map { record, outcome in
                var members = try self.json(record).object ?? [:]
                members["outcome"] = .string(outcome)
                return .object(members)
            }
        )
    }
}
