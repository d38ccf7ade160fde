import Channels
import Curl
import Foundation
import HTTPTypes
import Parley
import Postgres

extension API {
    func mountChannels(on routes: inout Routes) {
        self.read("/v1/adapters", on: &routes) { _ in
            ["data": .array(self.adapters.all.map(\.json)), "nextCursor": .null]
        }
        self.read("/v1/adapters/:name", on: &routes) { call in
            guard let name = call.request.parameters["name"].flatMap(AdapterName.init), let adapter = self.adapters[name] else {
                throw Problem.notFound
            }
            return adapter.json
        }
        self.read("/v1/channels", on: &routes) { call in
            let page = try Page(call.request, scope: "\(call.workspace)/channels", filters: [], cursors: self.cursors)
            let found = try await self.pool.transaction(in: .workspace(call.workspace.uuid)) { transaction in
                try await self.channels.list(in: call.workspace, after: page.after, limit: page.limit + 1, on: transaction)
            }
            return page.answer(found, id: \.id.uuid, json: self.shown)
        }
        self.read("/v1/channels/:id", on: &routes) { call in
            let id: ChannelID = try call.id("id")
            let found = try await self.pool.transaction(in: .workspace(call.workspace.uuid)) { transaction in
                try await self.channels.find(id, in: call.workspace, on: transaction)
            }
            guard let found else { throw Problem.notFound }
            return self.shown(found)
        }

        self.change(.post, "/v1/channels", .manage, on: &routes) { call, transaction in
            var fields = try Fields(body: call.request)
            let adapterName = fields.requiredLine("adapter", upTo: 63)
            let adapter = AdapterName(rawValue: adapterName).flatMap { self.adapters[$0] }
            if adapter == nil, fields.errors.isEmpty { fields.fail("adapter", "unknown_adapter", "See GET /v1/adapters.") }
            let name = fields.requiredLine("name")
            let settings = self.settings(&fields, of: adapter, known: [:])
            let policy = fields.policy(adapter?.standardPolicy ?? ChannelPolicy())
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
                audit: [call.audit("channel.create", "channel:\(made.id)", after: self.shown(made))]
            )
        }
        for method in [HTTPRequest.Method.patch, .put] {
            self.change(method, "/v1/channels/:id", .manage, on: &routes) { try await self.updateChannel($0, $1) }
        }
        self.change(.delete, "/v1/channels/:id", .manage, on: &routes) { try await self.deleteChannel($0, $1) }
    }

    /// Changes what is given and leaves the rest; a setting given as null goes back to its default.
    private func updateChannel(_ call: APICall, _ transaction: Transaction) async throws -> APIAnswer {
        guard var channel = try await self.channels.find(try call.id("id"), in: call.workspace, on: transaction) else {
            throw Problem.notFound
        }
        let before = self.shown(channel)
        var fields = try Fields(body: call.request)
        if let name = fields.line("name") { channel.name = name }
        channel.settings = self.settings(&fields, of: self.adapters[channel.adapter], known: channel.settings)
        channel.policy = fields.policy(channel.policy)
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
        return APIAnswer(.ok, after, audit: [call.audit("channel.update", "channel:\(channel.id)", before: before, after: after)])
    }

    /// Mail for one address goes to one channel.
    private func claimingAddress<T>(_ body: () async throws -> T) async throws -> T {
        do { return try await body() } catch is MailboxStore.AddressTaken {
            throw Problem(409, "address_taken", "The address is taken", detail: "Another channel receives the mail for this address.")
        }
    }

    /// A channel with messages under way is not deleted: their jobs would find nothing to send by (F38).
    private func deleteChannel(_ call: APICall, _ transaction: Transaction) async throws -> APIAnswer {
        let id: ChannelID = try call.id("id")
        guard let channel = try await self.channels.find(id, in: call.workspace, on: transaction) else { throw Problem.notFound }
        let waiting = try await transaction.query(
            """
            SELECT EXISTS (SELECT FROM deliveries WHERE workspace_id = \(call.workspace.uuid) AND channel_id = \(id.uuid)
                AND state IN ('queued', 'sending', 'unknown', 'held')) AS waiting
            """
        )
        guard try !waiting[0].value("waiting", as: Bool.self) else {
            throw Problem(409, "channel_busy", "The channel has messages under way", detail: "Disable it, or wait until they are sent.")
        }
        guard try await self.channels.delete(id, in: call.workspace, on: transaction) else { throw Problem.notFound }
        return APIAnswer(.noContent, nil, audit: [call.audit("channel.delete", "channel:\(id)", before: self.shown(channel))])
    }

    /// The settings with what is given laid over what is known, checked by the adapter's schema and the egress policy.
    private func settings(_ fields: inout Fields, of adapter: (any Adapter)?, known: [String: JSON]) -> [String: JSON] {
        let value = fields.value("settings")
        guard let adapter else { return known }
        guard let given = value == nil ? [:] : value?.object else {
            fields.fail("settings", "wrong_type", "Must be an object.")
            return known
        }
        let merged = known.merging(given) { _, new in new }
        switch adapter.settings.validate(merged) {
        case .failure(let problems):
            fields.merge(
                problems.errors.map { Problem.Field(pointer: "/settings\($0.pointer)", code: $0.code.rawValue, detail: $0.detail) }
            )
            return known
        case .success(let complete):
            for (name, property) in adapter.settings.properties where property.format == "uri" {
                guard let url = complete[name]?.string, !url.isEmpty else { continue }
                do throws(TransferError) { try self.egress.check(target: url) } catch {
                    fields.merge([Problem.Field(pointer: "/settings/\(name)", code: error.reason.rawValue, detail: error.detail)])
                }
            }
            return complete
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

extension Fields {
    fileprivate mutating func policy(_ known: ChannelPolicy) -> ChannelPolicy {
        var policy = known
        guard let value = self.value("policy") else { return policy }
        guard var fields = try? Fields(value, pointer: "/policy") else {
            self.fail("policy", "wrong_type", "Must be an object.")
            return policy
        }
        if let choice = fields.choice("verification", of: VerificationMode.self) { policy.verification = choice }
        if let choice = fields.choice("ended", of: ChannelPolicy.Ended.self) { policy.ended = choice }
        if let choice = fields.choice("strangers", of: ChannelPolicy.Strangers.self) { policy.strangers = choice }
        policy.joinSubjectWithinDays = fields.number("joinSubjectWithinDays", 0...365) ?? policy.joinSubjectWithinDays
        if let choice = fields.choice("unknown", of: ChannelPolicy.Unknown.self) { policy.unknown = choice }
        policy.retryHeldAfter = fields.number("retryHeldAfter", 1...604_800, over: policy.retryHeldAfter)
        policy.giveUpAfterHours = fields.number("giveUpAfterHours", 1...720) ?? policy.giveUpAfterHours
        policy.retentionDays = fields.number("retentionDays", 1...365) ?? policy.retentionDays
        policy.perSecond = fields.number("perSecond", 1...100_000, over: policy.perSecond)
        policy.perRecipientSeconds = fields.number("perRecipientSeconds", 0...3_600, over: policy.perRecipientSeconds)
        do throws(Problem) { try fields.finish() } catch { self.merge(error.errors) }
        return policy
    }

    /// What was `known` where nothing is given; nil where null is.
    private mutating func number(_ name: String, _ range: ClosedRange<Int>, over known: Int?) -> Int? {
        self.isNull(name) ? nil : self.number(name, range) ?? known
    }

    private mutating func number(_ name: String, _ range: ClosedRange<Int>) -> Int? {
        guard let value = self.value(name) else { return nil }
        if let number = value.int, range.contains(number) { return number }
        self.fail(name, "out_of_range", "A number from \(range.lowerBound) to \(range.upperBound).")
        return nil
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
