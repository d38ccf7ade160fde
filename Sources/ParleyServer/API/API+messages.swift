import Channels
import Foundation
import HTTPTypes
import Parley
import Postgres

extension API {
    func mountMessages(on routes: inout Routes) {
        self.pages("/v1/messages", filters: ["direction", "channelId", "conversationId"], on: &routes, self.listMessages)
        self.read("/v1/messages/:id", on: &routes, self.showMessage)
        self.list("/v1/messages/:id/deliveries", on: &routes, self.listDeliveries)
        self.change(.post, "/v1/messages", on: &routes, self.sendMessage)
    }

    private func listMessages(_ call: APICall, _ page: Page) async throws -> JSON {
        let statement = MessageStore.page(
            in: call.workspace,
            direction: try page.choice("direction"),
            channel: try page.id("channelId"),
            conversation: try page.id("conversationId"),
            before: page.after,
            limit: page.limit + 1
        )
        return try await self.messages(call, page, statement)
    }

    private func showMessage(_ call: APICall) async throws -> JSON {
        let id: MessageID = try call.id("id")
        return try await self.pool.transaction(in: .workspace(call.workspace.uuid)) { transaction in
            let source: SQL = "SELECT m.* FROM messages m WHERE m.workspace_id = \(call.workspace.uuid) AND m.id = \(id.uuid)"
            let rows = try await transaction.query(MessageStore.select(from: source, order: "m.id"))
            guard let row = rows.first, var json = try MessageRecord(row).json(self.links).object else { throw Problem.notFound }
            json["deliveries"] = .array(try await MessageStore.deliveries(of: id, in: call.workspace, on: transaction))
            json["revisions"] = try await MessageStore.revisions(of: id, in: call.workspace, on: transaction)
            return .object(json)
        }
    }

    private func listDeliveries(_ call: APICall) async throws -> [JSON] {
        let id: MessageID = try call.id("id")
        return try await self.pool.transaction(in: .workspace(call.workspace.uuid)) { transaction in
            let found = try await transaction.query(
                "SELECT FROM messages WHERE workspace_id = \(call.workspace.uuid) AND id = \(id.uuid)"
            )
            guard !found.isEmpty else { throw Problem.notFound }
            return try await MessageStore.deliveries(of: id, in: call.workspace, on: transaction)
        }
    }

    /// To an address over a channel: in the conversation that is open there, else in a new one.
    private func sendMessage(_ call: APICall, _ transaction: Transaction) async throws -> APIAnswer {
        self.accepted(try await self.start(call, transaction), call)
    }

    func messages(_ call: APICall, _ page: Page, _ statement: SQL) async throws -> JSON {
        let rows = try await self.pool.query(in: .workspace(call.workspace.uuid), statement)
        return page.answer(try rows.map(MessageRecord.init), id: \.id.uuid) { $0.json(self.links) }
    }

    /// 202: it is stored and will be sent, or its failure be shown (I3).
    func accepted(_ posted: OutboundStore.Posted, _ call: APICall) -> APIAnswer {
        APIAnswer(
            .accepted,
            self.shown(posted, call),
            location: "/v1/messages/\(posted.id)",
            audit: [call.audit(.messagePost, "message:\(posted.id)", after: posted.auditable)]
        )
    }

    func shown(_ posted: OutboundStore.Posted, _ call: APICall) -> JSON { MessageRecord(posted, by: call.key.id).json(self.links) }

    /// Reads `channelId`, `to`, `body` and `isAutomatic`, and starts.
    func start(_ call: APICall, _ transaction: Transaction) async throws -> OutboundStore.Posted {
        var fields = try Fields(body: call.request)
        _ = fields.required("channelId")
        let channelID = fields.id("channelId", as: ChannelID.self)
        var channel: ChannelRecord?
        if let channelID {
            channel = try await self.channels.find(channelID, in: call.workspace, on: transaction)
            if channel == nil { fields.fail("channelId", "unknown_channel", "There is no such channel.") }
        }
        let address = try await self.recipient(&fields, over: channel, transaction)
        let adapter = channel.flatMap { self.adapters[$0.adapter] }
        let body = fields.messageBody("body", for: adapter?.capabilities, egress: self.egress)
        let isAutomatic = fields.flag("isAutomatic") ?? false
        try fields.finish()
        guard let channel, let address else { throw Problem.notFound }
        let filed = try await self.withFiles(body, of: call.workspace, on: transaction)
        return try await self.translatingRefusal {
            try await OutboundStore.start(
                .init(filed, isAutomatic: isAutomatic, by: call.key.id, at: call.request.at),
                to: address,
                over: channel.id,
                of: call.workspace,
                on: transaction
            )
        }
    }

    /// `to`: one address, or a list of one.
    private func recipient(
        _ fields: inout Fields,
        over channel: ChannelRecord?,
        _ transaction: Transaction
    ) async throws -> Address? {
        guard let value = fields.required("to") else { return nil }
        let list = value.array ?? [value]
        guard list.count <= 1 else {
            fields.fail("to", "too_many_recipients", "One recipient for one message.")
            return nil
        }
        guard let text = list.first?.string else {
            fields.fail("to", "wrong_type", "An address, or a list of one.")
            return nil
        }
        let pointer = value.array == nil ? "to" : "to/0"
        guard let channel else { return nil }
        let rule = RecipientRule(channels: self.channels, adapters: self.adapters, publicURL: self.publicURL)
        do { return try await rule.address(text, over: channel, on: transaction) } catch let mistake as Mistake {
            fields.fail(pointer, mistake)
            return nil
        }
    }

    /// What the outbound store refuses, as the API says it.
    func translatingRefusal<T>(_ body: () async throws -> T) async throws -> T {
        do { return try await body() } catch let refusal as OutboundStore.Refusal { throw Problem(refusal) }
    }
}

extension Problem {
    init(_ refusal: OutboundStore.Refusal) {
        switch refusal {
        case .conversationNotFound, .channelNotFound: self = .notFound
        case .conversationEnded: self.init(409, "conversation_ended", "The conversation has ended")
        case .channelDisabled: self.init(409, "channel_disabled", "The channel is disabled")
        case .noRecipient: self.init(409, "no_recipient", "Nobody is known to be on the other side")
        case .answersAutomatic:
            self.init(
                409,
                "answers_automatic",
                "No machine may answer the last message",
                detail: "A machine must not answer a machine: post without isAutomatic when a person wrote this."
            )
        }
    }
}
