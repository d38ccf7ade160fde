import Foundation
import HTTPTypes
import Parley
import Postgres
import Queue

extension API {
    func mountDeadLetters(on routes: inout Routes) {
        self.pages("/v1/dead-letters", .manage, filters: ["queue"], on: &routes, self.listDeadLetters)
        self.read("/v1/dead-letters/:id", .manage, on: &routes, self.showDeadLetter)
        self.change(.post, "/v1/dead-letters/:id/retry", .manage, on: &routes, self.retryDeadLetter)
        self.change(.delete, "/v1/dead-letters/:id", .manage, on: &routes, self.dropDeadLetter)
    }

    private func listDeadLetters(_ call: APICall, _ page: Page) async throws -> JSON {
        let queue: QueueName? = try page.choice("queue")
        let found = try await self.pool.transaction(in: .workspace(call.workspace.uuid)) { transaction in
            try await QueueAdmin().deadLetters(
                of: call.workspace.uuid,
                queue: queue,
                before: page.after,
                limit: page.limit + 1,
                in: transaction
            )
        }
        return page.answer(found, id: \.id, json: \.json)
    }

    private func showDeadLetter(_ call: APICall) async throws -> JSON {
        let id = try call.uuid("id")
        let found = try await self.pool.transaction(in: .workspace(call.workspace.uuid)) { transaction in
            try await QueueAdmin().deadLetter(id, of: call.workspace.uuid, in: transaction)
        }
        guard let found else { throw Problem.notFound }
        return found.json
    }

    private func retryDeadLetter(_ call: APICall, _ transaction: Transaction) async throws -> APIAnswer {
        var fields = try Fields(body: call.request)
        try fields.finish()
        let id = try call.uuid("id")
        let letter = try await QueueAdmin().deadLetter(id, of: call.workspace.uuid, in: transaction)
        guard let letter, try await QueueAdmin().retry(id, of: call.workspace.uuid, in: transaction) else { throw Problem.notFound }
        let target = "dead-letter:\(id.uuidString.lowercased())"
        let entry = call.audit(.deadLetterRetry, target, before: letter.json, after: letter.retried)
        return APIAnswer(.accepted, letter.json, audit: [entry])
    }

    private func dropDeadLetter(_ call: APICall, _ transaction: Transaction) async throws -> APIAnswer {
        let id = try call.uuid("id")
        let letter = try await QueueAdmin().deadLetter(id, of: call.workspace.uuid, in: transaction)
        guard let letter, try await QueueAdmin().drop(id, of: call.workspace.uuid, in: transaction) else { throw Problem.notFound }
        let target = "dead-letter:\(id.uuidString.lowercased())"
        return APIAnswer(.noContent, nil, audit: [call.audit(.deadLetterDrop, target, before: letter.json)])
    }
}

extension DeadLetter {
    /// What became of it for the audit: a job like any other.
    var retried: JSON { ["queue": .string(self.queue.rawValue), "status": "queued"] }

    /// What died and why; of the payload only what it names, for its text belongs to the message.
    var json: JSON {
        var about: [String: JSON] = [:]
        if self.queue == .outbox, let outbox = try? OutboxPayload(bytes: self.payload) {
            about["messageId"] = .string(outbox.message.description)
            about["deliveryId"] = .string(outbox.delivery.description)
            about["conversationId"] = .string(outbox.conversation.description)
            about["channelId"] = .string(outbox.channel.description)
        } else if let inbox = try? InboxPayload(bytes: self.payload) {
            about["channelId"] = .string(inbox.channel.description)
            about["requestId"] = inbox.request.map { .string($0.uuidString.lowercased()) }
        }
        return [
            "id": .string(self.id.uuidString.lowercased()), "queue": .string(self.queue.rawValue), "reason": .string(self.reason),
            "about": .object(about),
            "failures": .array(self.failures.map { ["at": .string($0.at), "reason": .string($0.reason)] }),
            "createdAt": .string(Moment.text(self.createdAt)), "diedAt": .string(Moment.text(self.diedAt)),
        ]
    }
}
