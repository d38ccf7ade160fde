import Channels
import Foundation
import Parley
import Postgres

extension Operator {
    /// What the file wants of one channel, once it is known to be possible.
    private struct Step: Sendable {
        var wanted: ChannelsFile.Wanted
        var adapter: AdapterName
        var settings: [String: JSON]
        var policy: ChannelPolicy
    }

    /// Makes a workspace's channels be what a file says: all of it, or nothing, the workspace included.
    ///
    /// Channels that the file does not name stay as they are.
    ///
    /// - Parameters:
    ///   - path: a YAML file.
    ///   - environment: see `ChannelsFile`.
    package func apply(
        _ path: String,
        environment: [String: String] = ProcessInfo.processInfo.environment
    ) async throws -> Listing {
        guard let data = FileManager.default.contents(atPath: path) else { throw ProcessFailure.failed("\(path) cannot be read") }
        let file: ChannelsFile
        do throws(AdapterLoadError) {
            file = try ChannelsFile(String(decoding: data, as: UTF8.self), name: path, environment: environment)
        } catch { throw ProcessFailure.failed(error.description) }
        let (steps, store) = (try await self.steps(of: file), try self.channels())
        let workspace = try await self.target(file.workspace)
        let rows = try await self.pool.transaction(in: .workspace(workspace.id.uuid)) { transaction in
            try await workspace.makeIfNew(on: transaction)
            let known = try await store.find(named: steps.map(\.wanted.name), in: workspace.id, locking: true, on: transaction)
            var rows: [(ChannelRecord, String)] = []
            for step in steps {
                let found = known.first { $0.name == step.wanted.name }
                if let found, found.adapter != step.adapter {
                    let message = "this is a channel of \(found.adapter), and an adapter cannot be changed: take another name"
                    throw ProcessFailure.failed(file.diagnostic(step.wanted, "/adapter", message).description)
                }
                do {
                    rows.append(try await self.take(step, over: found, in: workspace.id, store, transaction))
                } catch is MailboxStore.AddressTaken {
                    let message = "another channel has this mail address"
                    throw ProcessFailure.failed(file.diagnostic(step.wanted, "/settings/address", message).description)
                }
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

    /// - Throws: everything that is wrong with what the file wants, each with its place.
    private func steps(of file: ChannelsFile) async throws -> [Step] {
        let (rules, registry) = (try self.rules(), try self.settings.adapters)
        var diagnostics: [Diagnostic] = []
        var steps: [Step] = []
        for wanted in file.channels {
            func report(_ pointer: String, _ message: String) { diagnostics.append(file.diagnostic(wanted, pointer, message)) }
            if let mistake = rules.mistake(inName: wanted.name) { report("/name", mistake.detail) }
            let adapter: any Adapter
            do throws(ProcessFailure) { adapter = try registry.named(wanted.adapter) } catch {
                report("/adapter", error.description)
                continue
            }
            var step = Step(wanted: wanted, adapter: adapter.name, settings: [:], policy: adapter.standardPolicy)
            do throws(Problem) { step.settings = try await rules.settings(wanted.settings, of: adapter) } catch {
                for field in error.errors { report(field.pointer, field.detail) }
            }
            do throws(Problem) {
                step.policy = try rules.policy(wanted.policy ?? [:], over: step.policy, standard: step.policy)
            } catch {
                for field in error.errors { report(field.pointer, field.detail) }
            }
            steps.append(step)
        }
        guard diagnostics.isEmpty else {
            throw ProcessFailure.failed(diagnostics.sorted().map(\.description).joined(separator: "\n"))
        }
        return steps
    }

    /// - Returns: the channel as it is now, and what became of it.
    private func take(
        _ step: Step,
        over found: ChannelRecord?,
        in workspace: WorkspaceID,
        _ store: ChannelStore,
        _ transaction: Transaction
    ) async throws -> (ChannelRecord, String) {
        var record: ChannelRecord
        if let found {
            guard found.settings != step.settings || found.policy != step.policy else { return (found, "unchanged") }
            record = found
            (record.settings, record.policy) = (step.settings, step.policy)
            record = try await store.update(record, on: transaction) ?? record
        } else {
            record = try await store.create(
                .make(),
                in: workspace,
                adapter: step.adapter,
                name: step.wanted.name,
                settings: step.settings,
                policy: step.policy,
                on: transaction
            )
        }
        let entry = AuditEntry(
            actor: self.actor,
            action: found == nil ? .channelCreate : .channelUpdate,
            target: "channel:\(record.id)",
            before: try found.map(self.json),
            after: try self.json(record)
        )
        _ = try await transaction.query(entry.insertion(in: workspace))
        return (record, found == nil ? "made" : "changed")
    }
}
