import Channels
import Foundation
import HTTPTypes
import Parley
import Postgres

extension API {
    func mountInboundRequests(on routes: inout Routes) {
        self.pages("/v1/inbound-requests", .manage, filters: ["channelId", "outcome"], on: &routes, self.listInboundRequests)
        self.read("/v1/inbound-requests/:id", .manage, on: &routes, self.showInboundRequest)
        // What it stores is counted once, and rides in the group commit of ingest.
        self.changeElsewhere(.post, "/v1/inbound-requests/:id/replay", .manage, on: &routes, self.replay)
    }

    private func listInboundRequests(_ call: APICall, _ page: Page) async throws -> JSON {
        let statement = InboundRequestStore.page(
            in: call.workspace,
            channel: try page.id("channelId"),
            outcome: try page.choice("outcome"),
            before: page.after,
            limit: page.limit + 1
        )
        let found = try await self.pool.query(in: .workspace(call.workspace.uuid), statement).map(InboundRequestStore.record)
        return page.answer(found, id: \.id, json: \.json)
    }

    private func showInboundRequest(_ call: APICall) async throws -> JSON {
        let record = try await self.inboundRequest(try call.uuid("id"), call)
        guard var json = record.json.object, let request = record.request else { throw Problem.notFound }
        let channel = try await self.channels.channel(record.channel)
        json["request"] = request.json(hiding: self.secrets(of: channel))
        return .object(json)
    }

    private func inboundRequest(_ id: UUID, _ call: APICall) async throws -> InboundRequestRecord {
        let found = try await self.pool.transaction(in: .workspace(call.workspace.uuid)) { transaction in
            try await InboundRequestStore.find(id, in: call.workspace, on: transaction)
        }
        guard let found else { throw Problem.notFound }
        return found
    }

    /// Lets the adapter read a kept request once more. What was stored before stays as it is; only what is new becomes work.
    private func replay(_ call: APICall) async throws -> APIAnswer {
        var fields = try Fields(body: call.request)
        try fields.finish()
        let record = try await self.inboundRequest(try call.uuid("id"), call)
        guard let request = record.request, let channel = try await self.channels.channel(record.channel) else { throw Problem.notFound }
        let reading: Ingest.Reading?
        // It was verified when it came; its timestamp is long stale.
        do { reading = try await self.ingest.read(request, for: channel, verification: .off) } catch {
            throw Problem(409, "adapter_failed", "The adapter failed on this request", detail: error.detail)
        }
        guard let reading else { throw Problem.notFound }
        switch reading.reception {
        case .refused, .notFound, .methodNotAllowed, .tooLarge:
            throw Problem(409, "not_replayable", "The adapter does not take this request")
        case .accepted, .ignored, .answered, .quarantined: break
        }
        var item = reading.item ?? IngestItem(request, of: channel)
        (item.id, item.isReplay) = (record.id, true)
        let stored = try await self.ingest.store(item)
        let id = record.id.uuidString.lowercased()
        let json: JSON = [
            "id": .string(id), "outcome": .string(item.outcome.rawValue), "events": .integer(item.events.count),
            "newEvents": .integer(item.outcome == .accepted ? stored.newEvents : 0),
        ]
        let entry = call.audit(.inboundRequestReplay, "inbound-request:\(id)", before: record.json.auditable, after: json.auditable)
        return APIAnswer(.ok, json, audit: [entry])
    }

    private func secrets(of channel: ChannelRecord?) -> [String] {
        guard let channel else { return [] }
        let schema = self.adapters[channel.adapter]?.settings
        return channel.settings.filter { schema?.properties[$0.key]?.isSecret != false }.compactMap(\.value.string).filter { $0.count > 3 }
    }
}

extension InboundRequestRecord {
    var json: JSON {
        [
            "id": .string(self.id.uuidString.lowercased()), "channelId": .string(self.channel.description),
            "outcome": .string(self.outcome),
            "detail": self.detail.map(JSON.string) ?? .null, "receivedAt": .string(Moment.text(self.receivedAt)),
        ]
    }
}

extension HookRequest {
    /// The request as it came, its body in base64; a header that holds a secret only says so (I13).
    fileprivate func json(hiding secrets: [String]) -> JSON {
        let headers = self.headers.map { name, value -> (String, JSON) in
            let hides = ["authorization", "cookie", "proxy-authorization"].contains(name) || secrets.contains { value.contains($0) }
            return (name, hides ? "[redacted]" : .string(value))
        }
        return [
            "method": .string(self.method), "url": .string(self.url), "route": self.route.map(JSON.string) ?? .null,
            "headers": .object(Dictionary(headers) { first, _ in first }), "body": .string(Data(self.body).base64EncodedString()),
            "at": .string(Moment.text(self.at)),
        ]
    }
}
