import Channels
import Foundation
import HTTPTypes
import Parley
import Postgres

extension API {
    func mountChannels(on routes: inout Routes) {
        self.list("/v1/adapters", on: &routes, self.listAdapters)
        self.read("/v1/adapters/:name", on: &routes, self.showAdapter)
        self.pages("/v1/channels", on: &routes, self.listChannels)
        self.read("/v1/channels/:id", on: &routes, self.showChannel)
        self.change(.post, "/v1/channels", .manage, on: &routes, self.createChannel)
        self.change(.patch, "/v1/channels/:id", .manage, on: &routes, self.updateChannel)
        self.change(.put, "/v1/channels/:id", .manage, on: &routes, self.updateChannel)
        self.change(.delete, "/v1/channels/:id", .manage, on: &routes, self.deleteChannel)
    }

    private func listAdapters(_ call: APICall) -> [JSON] { self.adapters.all.map(\.json) }

    private func showAdapter(_ call: APICall) throws -> JSON {
        guard let name = call.request.parameters["name"].flatMap(AdapterName.init), let adapter = self.adapters[name] else {
            throw Problem.notFound
        }
        return adapter.json
    }

    private func listChannels(_ call: APICall, _ page: Page) async throws -> JSON {
        let found = try await self.pool.transaction(in: .workspace(call.workspace.uuid)) { transaction in
            try await self.channels.list(in: call.workspace, after: page.after, limit: page.limit + 1, on: transaction)
        }
        return page.answer(found, id: \.id.uuid, json: self.shown)
    }

    private func showChannel(_ call: APICall) async throws -> JSON {
        let id: ChannelID = try call.id("id")
        let found = try await self.pool.transaction(in: .workspace(call.workspace.uuid)) { transaction in
            try await self.channels.find(id, in: call.workspace, on: transaction)
        }
        guard let found else { throw Problem.notFound }
        return self.shown(found)
    }

    private func createChannel(_ call: APICall, _ transaction: Transaction) async throws -> APIAnswer {
        var fields = try Fields(body: call.request)
        let adapterName = fields.requiredLine("adapter", upTo: 63)
        let adapter = AdapterName(rawValue: adapterName).flatMap { self.adapters[$0] }
        if adapter == nil, fields.errors.isEmpty { fields.fail("adapter", "unknown_adapter", "See GET /v1/adapters.") }
        let name = fields.requiredLine("name")
        let settings = await self.settings(&fields, of: adapter)
        let policy = self.policy(&fields, of: adapter)
        try fields.finish()
        guard let adapter else { throw Problem.notFound }
        let made = try await self.claimingAddress {
            try await self.channels.create(
                .make(),
                in: call.workspace,
                adapter: adapter.name,
                name: name,
                settings: settings,
                policy: policy,
                on: transaction
            )
        }
        return APIAnswer(
            .created,
            self.shown(made),
            location: "/v1/channels/\(made.id)",
            audit: [call.audit(.channelCreate, "channel:\(made.id)", after: self.shown(made))]
        )
    }

    /// Changes what is given and leaves the rest; a setting given as null goes back to its default.
    private func updateChannel(_ call: APICall, _ transaction: Transaction) async throws -> APIAnswer {
        let found = try await self.channels.find(try call.id("id"), in: call.workspace, locking: true, on: transaction)
        guard var channel = found else { throw Problem.notFound }
        let before = self.shown(channel)
        var fields = try Fields(body: call.request)
        if let name = fields.line("name") { channel.name = name }
        let adapter = self.adapters[channel.adapter]
        channel.settings = await self.settings(&fields, of: adapter, known: channel.settings)
        channel.policy = self.policy(&fields, of: adapter, known: channel.policy)
        if let status = fields.choice("status", of: ChannelRecord.Status.self) {
            if status == .degraded { fields.fail("status", "invalid_choice", "One of active, disabled.") }
            channel.status = status
            channel.statusReason = nil
        }
        try fields.finish()
        let wanted = channel
        let changed = try await self.claimingAddress { try await self.channels.update(wanted, on: transaction) }
        guard let changed else { throw Problem.notFound }
        let after = self.shown(changed)
        return APIAnswer(.ok, after, audit: [call.audit(.channelUpdate, "channel:\(channel.id)", before: before, after: after)])
    }

    /// Mail for one address goes to one channel.
    private func claimingAddress<T>(_ body: () async throws -> T) async throws -> T {
        do { return try await body() } catch is MailboxStore.AddressTaken {
            throw Problem(409, "address_taken", "The address is taken", detail: "Another channel receives the mail for this address.")
        }
    }

    private func deleteChannel(_ call: APICall, _ transaction: Transaction) async throws -> APIAnswer {
        let id: ChannelID = try call.id("id")
        guard let channel = try await self.channels.find(id, in: call.workspace, on: transaction) else { throw Problem.notFound }
        do {
            guard try await self.channels.delete(id, in: call.workspace, on: transaction) else { throw Problem.notFound }
        } catch is ChannelStore.Busy {
            throw Problem(409, "channel_busy", "The channel has messages under way", detail: "Disable it, or wait until they are sent.")
        }
        return APIAnswer(.noContent, nil, audit: [call.audit(.channelDelete, "channel:\(id)", before: self.shown(channel))])
    }

    private var rules: ChannelRules { ChannelRules(egress: self.egress) }

    /// The settings with what is given laid over what is known. Those of a known channel that nobody changes are not judged anew.
    private func settings(_ fields: inout Fields, of adapter: (any Adapter)?, known: [String: JSON]? = nil) async -> [String: JSON] {
        let given = fields.value("settings") ?? (known == nil ? .some(.object([:])) : .none)
        guard let given, let adapter else { return known ?? [:] }
        do throws(Problem) { return try await self.rules.settings(given, over: known ?? [:], of: adapter) } catch {
            fields.merge(error.errors)
            return known ?? [:]
        }
    }

    /// The policy with what is given laid over what is known.
    private func policy(_ fields: inout Fields, of adapter: (any Adapter)?, known: ChannelPolicy? = nil) -> ChannelPolicy {
        let standard = adapter?.standardPolicy ?? ChannelPolicy()
        guard let given = fields.value("policy") else { return known ?? standard }
        do throws(Problem) { return try self.rules.policy(given, over: known ?? standard, standard: standard) } catch {
            fields.merge(error.errors)
            return known ?? standard
        }
    }

    /// A channel as it may be shown: no secret ever.
    func shown(_ channel: ChannelRecord) -> JSON {
        let settings =
            self.adapters[channel.adapter]?.settings.redacted(channel.settings) ?? channel.settings.mapValues { _ in "[redacted]" }
        return [
            "id": .string(channel.id.description), "adapter": .string(channel.adapter.rawValue), "name": .string(channel.name),
            "status": .string(channel.status.rawValue), "statusReason": channel.statusReason.map(JSON.string) ?? .null,
            "policy": channel.policy.json, "settings": .object(settings), "polling": channel.polling?.json ?? .null,
            "hookURL": .string(channel.context(publicURL: self.publicURL).hookURL),
            "createdAt": .string(Moment.text(channel.createdAt)), "updatedAt": .string(Moment.text(channel.updatedAt)),
        ]
    }
}

extension ChannelPolicy {
    var json: JSON {
        [
            "verification": .string(self.verification.rawValue), "ended": .string(self.ended.rawValue),
            "strangers": .string(self.strangers.rawValue), "joinSubjectWithinDays": .integer(self.joinSubjectWithinDays),
            "unknown": .string(self.unknown.rawValue), "retryHeldAfter": self.retryHeldAfter.map { .integer($0) } ?? .null,
            "giveUpAfterHours": .integer(self.giveUpAfterHours), "retentionDays": .integer(self.retentionDays),
            "perSecond": self.perSecond.map { .integer($0) } ?? .null,
            "perRecipientSeconds": self.perRecipientSeconds.map { .integer($0) } ?? .null,
        ]
    }
}

extension Adapter {
    /// What somebody must know to connect a channel.
    var json: JSON {
        let settings = self.settings.properties.mapValues { property -> JSON in
            var members: [String: JSON] = [
                "type": .string(property.kind.rawValue), "secret": .bool(property.isSecret), "required": .bool(property.isRequired),
            ]
            members["default"] = property.isSecret ? nil : property.defaultValue
            members["pattern"] = property.pattern.map(JSON.string)
            members["format"] = property.format.map(JSON.string)
            members["summary"] = property.summary.map(JSON.string)
            return .object(members)
        }
        let can = self.capabilities
        return [
            "name": .string(self.name.rawValue), "kind": .string(self.kind), "summary": .string(self.summary),
            "settings": .object(settings),
            "capabilities": [
                "text": ["encoding": .string(can.textEncoding.rawValue), "limit": .integer(can.textLimit)],
                "media": ["maxCount": .integer(can.mediaCount), "maxBytes": .integer(can.mediaBytes)],
                "buttons": .string(can.buttons.rawValue),
            ],
            "limits": [
                "perSecond": .number(String(self.limits.perSecond)),
                "perRecipientSeconds": .number(String(self.limits.perRecipientSeconds)),
            ],
        ]
    }
}
