import Channels
import Foundation
import HTTPTypes
import HummingbirdCore
import Parley
import Postgres

extension API {
    func mountTyping(on routes: inout Routes) {
        self.changeElsewhere(.post, "/v1/conversations/:id/typing", on: &routes, self.tellTyping)
    }

    /// An agent is typing: told to whoever looks, and forgotten.
    private func tellTyping(_ call: APICall) async throws -> APIAnswer {
        var fields = try Fields(body: call.request)
        let name = fields.line("name", upTo: 100)
        try fields.finish()
        let id: ConversationID = try call.id("id")
        let found = try await self.pool.transaction(in: .workspace(call.workspace.uuid)) { transaction in
            try await ConversationStore.find(id, in: call.workspace, on: transaction)
        }
        guard found != nil else { throw Problem.notFound }
        var data: [String: JSON] = ["from": "agent", "keyId": .string(call.key.id.description)]
        data["name"] = name.map(JSON.string)
        await self.feed?.tell(
            FeedEvent(
                id: nil,
                workspace: call.workspace,
                type: "conversation.typing",
                conversation: id,
                data: .object(data),
                createdAt: call.request.at
            )
        )
        return APIAnswer(.noContent, nil)
    }
}
