import Channels
import Foundation
import HTTPTypes
import Parley
import Postgres

extension API {
    func mountConversations(on routes: inout Routes) {
        self.pages("/v1/conversations", filters: ["status", "channelId", "contactId"], on: &routes, self.listConversations)
        self.read("/v1/conversations/:id", on: &routes, self.showConversation)
        self.list("/v1/conversations/:id/participants", on: &routes, self.listParticipants)
        self.pages("/v1/conversations/:id/messages", on: &routes, self.readTranscript)
        self.changeTogether(.post, "/v1/conversations/:id/messages", on: &routes, self.postMessages)
        self.change(.post, "/v1/conversations", on: &routes, self.startConversation)
        self.change(.post, "/v1/conversations/:id/end", on: &routes, self.endConversation)
    }

    private func listConversations(_ call: APICall, _ page: Page) async throws -> JSON {
        let statement = ConversationStore.page(
            in: call.workspace,
            status: try page.choice("status"),
            channel: try page.id("channelId"),
            contact: try page.id("contactId"),
            before: page.after,
            limit: page.limit + 1
        )
        let rows = try await self.pool.query(in: .workspace(call.workspace.uuid), statement)
        return page.answer(try rows.map(ConversationStore.record), id: \.id.uuid, json: \.json)
    }

    private func showConversation(_ call: APICall) async throws -> JSON {
        let id: ConversationID = try call.id("id")
        return try await self.pool.transaction(in: .workspace(call.workspace.uuid)) { transaction in
            guard let found = try await ConversationStore.find(id, in: call.workspace, on: transaction), var json = found.json.object else {
                throw Problem.notFound
            }
            json["participants"] = .array(try await ConversationStore.participants(of: id, in: call.workspace, on: transaction))
            return .object(json)
        }
    }

    private func listParticipants(_ call: APICall) async throws -> [JSON] {
        let id: ConversationID = try call.id("id")
        return try await self.pool.transaction(in: .workspace(call.workspace.uuid)) { transaction in
            guard try await ConversationStore.find(id, in: call.workspace, on: transaction) != nil else { throw Problem.notFound }
            return try await ConversationStore.participants(of: id, in: call.workspace, on: transaction)
        }
    }

    private func readTranscript(_ call: APICall, _ page: Page) async throws -> JSON {
        let id: ConversationID = try call.id("id")
        let found = try await self.pool.transaction(in: .workspace(call.workspace.uuid)) { transaction in
            try await ConversationStore.find(id, in: call.workspace, on: transaction)
        }
        guard found != nil else { throw Problem.notFound }
        let statement = MessageStore.transcript(of: id, in: call.workspace, after: page.after, limit: page.limit + 1)
        return try await self.messages(call, page, statement)
    }

    /// Each call posts one message, to the conversation in its path.
    private func postMessages(_ calls: [APICall], _ transaction: Transaction) async throws -> [Result<APIAnswer, Problem>] {
        let ids = calls.compactMap { try? $0.id("id", as: ConversationID.self) }
        let destinations = try await OutboundStore.destinations(of: ids, in: calls[0].workspace, on: transaction)
        var posts: [Result<OutboundStore.Post, Problem>] = []
        for call in calls {
            do {
                guard let destination = destinations[try call.id("id")] else { throw Problem.notFound }
                posts.append(.success(.init(try await self.draft(call, to: destination, transaction), to: destination)))
            } catch let problem as Problem { posts.append(.failure(problem)) }
        }
        var posted = try await self.translatingRefusal { [posts] in
            try await OutboundStore.post(posts.compactMap { try? $0.get() }, of: calls[0].workspace, on: transaction)[...]
        }
        return zip(calls, posts).map { call, post in
            post.flatMap { _ in posted.removeFirst().map { self.accepted($0, call) }.mapError(Problem.init) }
        }
    }

    /// Started with its first message; `message` is that one.
    private func startConversation(_ call: APICall, _ transaction: Transaction) async throws -> APIAnswer {
        let posted = try await self.start(call, transaction)
        guard let conversation = try await ConversationStore.find(posted.conversation, in: call.workspace, on: transaction),
            var json = conversation.json.object
        else { throw Problem.notFound }
        let after = JSON.object(json.merging(["messageId": .string(posted.id.description)]) { $1 }).auditable
        json["message"] = self.shown(posted, call)
        return APIAnswer(
            .accepted,
            .object(json),
            location: "/v1/conversations/\(posted.conversation)",
            audit: [call.audit(.conversationStart, "conversation:\(posted.conversation)", after: after)]
        )
    }

    private func endConversation(_ call: APICall, _ transaction: Transaction) async throws -> APIAnswer {
        var fields = try Fields(body: call.request)
        try fields.finish()
        let id: ConversationID = try call.id("id")
        guard let ended = try await ConversationStore.end(id, in: call.workspace, on: transaction) else { throw Problem.notFound }
        let (before, after) = (ended.before.json.auditable, ended.after.json.auditable)
        return APIAnswer(
            .ok,
            ended.after.json,
            audit: [call.audit(.conversationEnd, "conversation:\(id)", before: before, after: after)]
        )
    }

    private func draft(
        _ call: APICall,
        to destination: OutboundStore.Destination,
        _ transaction: Transaction
    ) async throws -> OutboundStore.Draft {
        let adapter = AdapterName(rawValue: destination.adapter).flatMap { self.adapters[$0] }
        var fields = try Fields(body: call.request)
        let body = fields.messageBody("body", for: adapter?.capabilities, egress: self.egress)
        let isAutomatic = fields.flag("isAutomatic") ?? false
        try fields.finish()
        let filed = try await self.withFiles(body, of: call.workspace, on: transaction)
        return OutboundStore.Draft(filed, isAutomatic: isAutomatic, by: call.key.id, at: call.request.at)
    }
}
