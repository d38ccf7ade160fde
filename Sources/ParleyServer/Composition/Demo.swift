import Channels
import Foundation
import Parley
import Postgres

/// What `parley dev` has ready for a first try: a workspace, a key, and a channel of each shipped adapter wired to the sandbox.
///
/// Made once; a later start on the same folder finds them again.
struct Demo: Sendable {
    let parts: ProcessParts
    let keys: KeyStore
    let folder: DevFolder
    /// Where the sandbox takes the mails that the demo channel sends: a port of 127.0.0.1.
    let mailPort: Int

    func description() async throws -> DevDescription {
        let (workspace, secret) = try await self.workspace()
        var channels: [DevDescription.DemoChannel] = []
        for (adapter, name, settings) in try self.wanted() {
            let record = try await self.channel(adapter, name: name, settings: settings, in: workspace)
            channels.append(
                DevDescription.DemoChannel(
                    id: record.id.description,
                    adapter: adapter.rawValue,
                    name: record.name,
                    hookURL: record.context(publicURL: try self.parts.settings.publicURL).hookURL,
                    settings: record.settings
                )
            )
        }
        return DevDescription(
            httpURL: "http://\(try self.parts.settings.httpListen.local)",
            publicURL: try self.parts.settings.publicURL,
            smtp: try self.parts.settings.smtpListen.local.description,
            workspaceId: workspace.description,
            apiKey: secret,
            databaseURL: try self.parts.settings.databaseURL,
            egressAllow: self.parts.settings.text(.egressAllow) ?? "",
            channels: channels
        )
    }

    /// Adapter, name, and the settings that wire it to the sandbox.
    private func wanted() throws -> [(AdapterName, String, [String: JSON])] {
        let sandbox = "http://\(try self.parts.settings.httpListen.local)/sandbox"
        let secret = try self.folder.secret(in: self.folder.sandboxSecretFile) { Hex.encode(try Crypto.random(16)) }
        return [
            (
                AdapterName(rawValue: "twilio")!, "Demo SMS",
                [
                    "account_sid": .string("AC\(secret)"), "auth_token": .string("sandbox-\(secret)"), "from": "+15005550006",
                    "api_base": .string("\(sandbox)/twilio"),
                ]
            ),
            (
                AdapterName(rawValue: "slack")!, "Demo Slack",
                [
                    "bot_token": .string("xoxb-sandbox-\(secret)"), "signing_secret": .string(secret),
                    "api_base": .string("\(sandbox)/slack/api"),
                ]
            ),
            (
                AdapterName(rawValue: "email")!, "Demo Mail",
                ["address": "support@parley.test", "from_name": "Parley Demo", "smtp_url": .string("smtp://127.0.0.1:\(self.mailPort)")]
            ),
            (
                AdapterName(rawValue: "webchat")!, "Demo Webchat",
                [
                    // Our own pages may always; people also type this name of the same server.
                    "allowed_origins": [.string("http://localhost:\(try self.parts.settings.httpListen.port)")],
                    "identity_secret": .string("sandbox-\(secret)"),
                ]
            ),
        ].filter { self.parts.adapters[$0.0] != nil }
    }

    private func workspace() async throws -> (WorkspaceID, secret: String) {
        let known = (try? String(contentsOfFile: self.folder.apiKeyFile, encoding: .utf8))?.trimmingCharacters(in: .whitespacesAndNewlines)
        if let known, let key = try await self.keys.authenticate(known) { return (key.workspace, known) }
        let workspaces = WorkspaceStore(pool: self.parts.pool)
        let workspace: WorkspaceID
        if let first = try await workspaces.all().first {
            workspace = first.id
        } else {
            workspace = try await workspaces.create(name: "dev").id
        }
        let made = try await self.parts.pool.transaction(in: .workspace(workspace.uuid)) { [keys] transaction in
            try await keys.create(in: workspace, name: "dev", scopes: Set(Scope.allCases), on: transaction)
        }
        try? FileManager.default.removeItem(atPath: self.folder.apiKeyFile)
        return (workspace, try self.folder.secret(in: self.folder.apiKeyFile) { made.secret })
    }

    /// The workspace's channel of that name; its sandbox moves with our port.
    private func channel(
        _ adapter: AdapterName,
        name: String,
        settings: [String: JSON],
        in workspace: WorkspaceID
    ) async throws -> ChannelRecord {
        let store = self.parts.channels
        let complete = try await self.parts.adapters[adapter]!.validate(settings).get()
        return try await self.parts.pool.transaction(in: .workspace(workspace.uuid)) { transaction in
            let known = try await store.find(named: [name], in: workspace, locking: true, on: transaction)
            if var found = known.first(where: { $0.adapter == adapter }) {
                for name in ["api_base", "smtp_url", "allowed_origins"] where complete[name] != nil {
                    found.settings[name] = complete[name]
                }
                return try await store.update(found, on: transaction) ?? found
            }
            return try await store.create(
                .make(),
                in: workspace,
                adapter: adapter,
                name: name,
                settings: complete,
                policy: self.parts.adapters[adapter]!.standardPolicy,
                on: transaction
            )
        }
    }
}
