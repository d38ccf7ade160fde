import Foundation
import HTTPTypes
import Parley
import Postgres

/// Deliveries that wait for a person: held by a policy, or nobody knows whether they arrived.
extension API {
    func mountDeliveries(on routes: inout Routes) {
        self.pages("/v1/held-deliveries", .manage, on: &routes, self.listHeldDeliveries)
        self.change(.post, "/v1/held-deliveries/:id/release", .manage, on: &routes, self.releaseDelivery)
        self.change(.post, "/v1/held-deliveries/:id/cancel", .manage, on: &routes, self.cancelDelivery)
    }

    private func listHeldDeliveries(_ call: APICall, _ page: Page) async throws -> JSON {
        let after = page.after.map { DeliveryID($0) }
        let found = try await self.pool.transaction(in: .workspace(call.workspace.uuid)) { transaction in
            try await DeliveryActs.stuck(in: call.workspace, after: after, limit: page.limit + 1, on: transaction)
        }
        return page.answer(found, id: \.delivery.uuid, json: \.json)
    }

    private func releaseDelivery(_ call: APICall, _ transaction: Transaction) async throws -> APIAnswer {
        try await self.act(call, .deliveryRelease, transaction, DeliveryActs.release)
    }

    private func cancelDelivery(_ call: APICall, _ transaction: Transaction) async throws -> APIAnswer {
        try await self.act(call, .deliveryCancel, transaction, DeliveryActs.cancel)
    }

    private func act(
        _ call: APICall,
        _ action: AuditAction,
        _ transaction: Transaction,
        _ act: DeliveryActs.Act
    ) async throws -> APIAnswer {
        var fields = try Fields(body: call.request)
        try fields.finish()
        let id: DeliveryID = try call.id("id")
        do {
            let (before, after) = try await DeliveryActs.watching(id, in: call.workspace, on: transaction, act)
            let entry = call.audit(action, "delivery:\(id)", before: before?.auditable, after: after?.auditable)
            return APIAnswer(.ok, after, audit: [entry])
        } catch let refusal as DeliveryActs.Refusal {
            switch refusal {
            case .notFound: throw Problem.notFound
            case .alreadyOver: throw Problem(409, "already_over", "Nothing of this delivery waits any more")
            case .inFlight: throw Problem(409, "in_flight", "A request is on its way", detail: "Ask again when it came back.")
            }
        }
    }
}

extension DeliveryActs.Stuck {
    fileprivate var json: JSON {
        [
            "id": .string(self.delivery.description), "messageId": .string(self.message.description),
            "conversationId": .string(self.conversation.description), "channelId": .string(self.channel.description),
            "status": .string(self.state.rawValue), "reason": self.reason.map(JSON.string) ?? .null,
            "reasonDetail": self.detail.map(JSON.string) ?? .null, "updatedAt": .string(Moment.text(self.updatedAt)),
        ]
    }
}
