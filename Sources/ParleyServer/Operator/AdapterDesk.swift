import Channels
import Foundation
package import Parley

/// What can be done with adapters offline: no database, no network.
package struct AdapterDesk: Sendable {
    private let home: Home

    package init(settings: Settings) throws { self.home = try settings.home }

    /// Everything wrong with the adapters' files, one sentence each with its place; empty when all is well.
    package func check() -> [String] { AdapterRegistry.check(directory: self.home.channels).map(\.description) }

    package func list() throws -> Listing {
        let rows = try self.registry().all.map { adapter -> JSON in
            [
                "name": .string(adapter.name.rawValue), "kind": .string(adapter.kind), "summary": .string(adapter.summary),
                "settings": .object(adapter.settings.properties.mapValues(\.json)),
            ]
        }
        return Listing(columns: ["name", "kind", "summary"], rows: rows)
    }

    /// Runs the recorded cases.
    ///
    /// - Returns: lines about what did not pass, and how many cases ran and passed.
    package func test(_ names: [String]) async throws -> (failures: [String], cases: Int, passed: Int) {
        let registry = try self.registry()
        let only = try names.map { try registry.named($0).name }
        let outcomes = await AdapterCases.run(registry, directory: self.home.channels, only: only.isEmpty ? nil : Set(only))
        let failed = outcomes.filter { !$0.hasPassed }
        let lines = failed.map { "\($0.place): \($0.name)\n" + $0.differences.map { "    \($0)" }.joined(separator: "\n") }
        return (lines, outcomes.count, outcomes.count - failed.count)
    }

    /// What an adapter makes of a recorded request; the signature is told, not enforced, and only looked at when there are settings.
    package func attempt(_ name: String, file: String, settings: JSON?) async throws -> String {
        let adapter = try self.registry().named(name)
        if adapter.name == EmailAdapter.adapterName { return try self.attempt(mail: file) }
        let request = try RecordedRequest.read(file)
        let given = settings?.object ?? [:]
        let complete = (try? await adapter.validate(given).get()) ?? given
        let channel = ChannelContext(
            id: .make(),
            workspace: .make(),
            settings: complete,
            verification: settings == nil ? .off : .shadow,
            hookURL: request.url
        )
        do { return try await adapter.receive(request, for: channel).shown.text } catch {
            throw ProcessFailure.failed("\(file): \(error.code.rawValue): \(error.detail)")
        }
    }

    /// A file with a mail holds no envelope; the corpus of mails says what is to be told of one.
    private func attempt(mail file: String) throws -> String {
        guard let data = FileManager.default.contents(atPath: file) else { throw ProcessFailure.failed("\(file) cannot be read") }
        return IncomingMail.shown(Array(data)).text
    }

    /// Makes the folder of a new adapter, with a first case that passes.
    package func make(_ name: String) throws -> String {
        guard let name = AdapterName(rawValue: name) else {
            throw ProcessFailure.usage("an adapter's name is 1 to 63 of a–z, 0–9 and -")
        }
        let folder = "\(self.home.channels)/\(name)"
        guard !FileManager.default.fileExists(atPath: folder) else { throw ProcessFailure.failed("\(folder) is there already") }
        try FileManager.default.createDirectory(atPath: "\(folder)/cases", withIntermediateDirectories: true)
        for (file, text) in AdapterTemplate.files(for: name) {
            try text.write(toFile: "\(folder)/\(file)", atomically: true, encoding: .utf8)
        }
        return folder
    }

    private func registry() throws -> AdapterRegistry {
        do throws(AdapterLoadError) { return try AdapterRegistry.load(from: self.home.channels) } catch {
            throw ProcessFailure.failed(error.description)
        }
    }
}

extension SettingsSchema.Property {
    fileprivate var json: JSON {
        var members: [String: JSON] = [
            "type": .string(self.kind.rawValue), "secret": .bool(self.isSecret),
            "required": .bool(self.isRequired && self.defaultValue == nil),
        ]
        members["default"] = self.defaultValue
        members["pattern"] = self.pattern.map(JSON.string)
        members["summary"] = self.summary.map(JSON.string)
        return .object(members)
    }
}
