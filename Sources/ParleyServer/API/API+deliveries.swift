import Foundation
import HTTPTypes
import Parley
import Postgres

/// Deliveries that wait for a person: held by a policy, or nobody knows whether they arrived.
extension API {
    func mountDeliveries(on routes: inout Routes) {
        self.read("/v1/held-deliveries", .manage, on: &routes) { call in
            let page = try Page(call.request, scope: "\(call.workspace)/held-deliveries", filters: [], cursors: self.cursors)
            let found = try await DeliveryActs(pool: self.pool).stuck(
                in: call.workspace,
                after: page.after.map { DeliveryID($0) },
                limit: page.limit + 1
            )
            return page.answer(found, id: \.delivery.uuid, json: \.json)
        }
        self.mountAct("release", .deliveryRelease, on: &routes) { id, workspace, transaction in
            try await DeliveryActs.release(id, in: workspace, on: transaction)
        }
        self.mountAct("cancel", .deliveryCancel, on: &routes) { id, workspace, transaction in
            try await DeliveryActs.cancel(id, in: workspace, on: transaction)
        }
    }

    private func mountAct(
        _ name: String,
        _ action: AuditAction,
        on routes: inout Routes,
        _ act: @escaping @Sendable (DeliveryID, WorkspaceID, Transaction) async throws -> Void
    ) {
        self.change(.post, "/v1/held-deliveries/:id/\(name)", .manage, on: &routes) { call, transaction in
            var fields = try Fields(body: call.request)
            try fields.finish()
            let id: DeliveryID = try call.id("id")
            do { try await act(id, call.workspace, transaction) } catch let refusal as DeliveryActs.Refusal {
                switch refusal {
                case .notFound: throw Problem.notFound
                case .alreadyOver: throw Problem(409, "already_over", "Nothing of this delivery waits any more")
                case .inFlight: throw Problem(409, "in_flight", "A request is on its way", detail: "Ask again when it came back.")
                }
            }
            let delivery = try await MessageStore.delivery(id, in: call.workspace, on: transaction)
            return APIAnswer(.ok, delivery, audit: [call.audit(action, "delivery:\(id)")])
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
