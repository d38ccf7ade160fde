import Channels
import Foundation
import HTTPTypes
import HummingbirdCore
import Parley
import Postgres

extension Webchat {
    func history(_ call: Call) async throws -> Response {
        try self.limiters.other(call)
        let items = call.request.queryItems
        let limit = items.first { $0.name == "limit" }.map { Int($0.value) ?? 0 } ?? 50
        guard 1...100 ~= limit else { throw Problem.invalid("limit", "out_of_range", "A number from 1 to 100.") }
        let before = try items.first { $0.name == "before" }.map { item throws(Problem) in
            guard let id = MessageID(item.value) else { throw Problem.invalid("before", "invalid_id", "Must be a message's id.") }
            return id
        }
        // Before the messages: what is committed in between is told twice rather than never.
        let cursor = try await self.parts.feed.position()
        let place = try await self.store.place(of: call.visitor, on: call.channel.id, in: call.workspace)
        let found = try await self.store.history(of: place, before: before, limit: limit, at: call.request.at)
        let shown = found.prefix(limit)
        return .json(
            .ok,
            [
                "data": .array(shown.map(\.json)), "cursor": .string(String(cursor)),
                "nextCursor": found.count > limit ? shown.last.map { .string($0.id.description) } ?? .null : .null,
            ]
        )
    }

    func say(_ call: Call) async throws -> Response {
        try self.limiters.message(call)
        let said = try self.said(call)
        let isNew = try await self.keep(.message(said), of: call)
        self.count(isNew ? "message" : "message_again")
        return .json(
            .accepted,
            ["clientId": .string(said.clientID), "status": "accepted", "duplicate": .bool(!isNew)]
        )
    }

    /// Through the adapter and the queue, as a provider's hook would come. Returns when it is durable.
    private func keep(_ act: VisitorRequest.Act, of call: Call) async throws -> Bool {
        let request = VisitorRequest(visitor: call.visitor, act: act).request(at: call.request.at, peer: call.request.peer)
        guard let item = try await self.parts.ingest.read(request, for: call.channel)?.item else {
            throw Problem.badRequest("Nothing was said.")
        }
        return try await !self.parts.ingest.store(item).isDuplicate
    }

    private func said(_ call: Call) throws -> VisitorRequest.Said {
        var fields = try Fields(body: call.request)
        let clientID = fields.requiredLine("clientId", upTo: 64)
        if fields.errors.isEmpty, clientID.wholeMatch(of: /[A-Za-z0-9_-]{8,64}/) == nil {
            fields.fail("clientId", "invalid_id", "8 to 64 of A-Z, a-z, 0-9, - and _.")
        }
        let text = Self.text(&fields)
        let media = self.files(&fields, of: call)
        let sentAt = fields.date("sentAt")
        let button = Self.button(&fields)
        if text.isBlank, media.isEmpty, fields.errors.isEmpty {
            fields.fail("text", "empty_text", "Must say something.")
        }
        try fields.finish()
        // A clock that runs ahead must not put a message behind those that answer it.
        let sent = sentAt.map { min($0, call.request.at) }
        return VisitorRequest.Said(clientID: clientID, text: text, media: media, sentAt: sent, button: button)
    }

    private static func text(_ fields: inout Fields) -> String {
        guard let value = fields.value("text") else { return "" }
        guard let text = value.string else {
            fields.fail("text", "wrong_type", "Must be a string.")
            return ""
        }
        if text.unicodeScalars.count > WebchatAdapter.textLimit {
            fields.fail("text", "too_long", "At most \(WebchatAdapter.textLimit) characters.")
        } else if text.unicodeScalars.contains(where: { ($0.value < 0x20 && ![9, 10, 13].contains($0.value)) || $0.value == 0x7f }) {
            fields.fail("text", "control_character", "Must hold no control characters but tab and line breaks.")
        }
        return text
    }

    /// Only files that this visitor uploaded: the proof is the upload's own signed word.
    private func files(_ fields: inout Fields, of call: Call) -> [Media] {
        fields.objects("media", upTo: self.adapter.capabilities.mediaCount) { item in
            let ticket = item.requiredLine("upload", upTo: 8_192)
            guard item.errors.isEmpty else { return nil }
            let file = UploadTicket(ticket, keys: call.channel.tokenKeys, device: call.visitor.device, at: call.request.at)
            if file == nil { item.fail("upload", "bad_upload", "Upload the file first; an upload is good for a day.") }
            return file?.media
        }
    }

    private static func button(_ fields: inout Fields) -> (message: MessageID, value: String)? {
        fields.object("button") { button in
            let value = button.requiredLine("value")
            guard button.required("messageId") != nil, let message = button.id("messageId", as: MessageID.self) else { return nil }
            return (message, value)
        }
    }

    // MARK: - What is no message

    func acknowledge(_ call: Call) async throws -> Response {
        try self.limiters.other(call)
        var fields = try Fields(body: call.request)
        let ids = Self.ids(&fields)
        let status = fields.required("status")?.string.flatMap(ReceiptStatus.init)
        if status != .delivered, status != .read { fields.fail("status", "invalid_choice", "One of delivered, read.") }
        try fields.finish()
        let place = try await self.store.place(of: call.visitor, on: call.channel.id, in: call.workspace)
        let own = try await self.store.own(ids, of: place)
        if let status, !own.isEmpty { _ = try await self.keep(.receipts(own, status), of: call) }
        return .json(.accepted, ["accepted": .integer(own.count)])
    }

    private static func ids(_ fields: inout Fields) -> [MessageID] {
        guard let value = fields.required("messageIds") else { return [] }
        guard let items = value.array else {
            fields.fail("messageIds", "wrong_type", "A list of ids of messages.")
            return []
        }
        guard 1...100 ~= items.count else {
            fields.fail("messageIds", "out_of_range", "1 to 100 ids of messages.")
            return []
        }
        return items.enumerated().compactMap { index, item in
            if let id = item.string.flatMap({ MessageID($0) }) { return id }
            fields.fail("messageIds/\(index)", "invalid_id", "Must be a message's id.")
            return nil
        }
    }

    func type(_ call: Call) async throws -> Response {
        guard self.limiters.mayTellTyping(call) else { return .noContent }
        let place = try await self.store.place(of: call.visitor, on: call.channel.id, in: call.workspace)
        var data: [String: JSON] = [
            "from": "visitor", "channelId": .string(call.channel.id.description), "address": .string(call.visitor.address.value),
        ]
        data["name"] = call.visitor.name.map(JSON.string)
        await self.parts.feed.tell(
            FeedEvent(
                id: nil,
                workspace: call.workspace,
                type: "conversation.typing",
                conversation: try await self.store.openConversation(of: place),
                data: .object(data),
                createdAt: call.request.at
            )
        )
        return .noContent
    }

    func upload(_ call: Call) async throws -> Response {
        try self.limiters.file(call)
        let file = try AttachmentFile(uploaded: call.request)
        _ = try await self.pool.pipeline(in: .workspace(call.workspace.uuid), AttachmentFile.insertion(of: [(call.workspace, file)]))
        self.count("file")
        let media = file.media()
        let ticket = UploadTicket(media: media)
            .text(keys: call.channel.tokenKeys, device: call.visitor.device, until: call.request.at.addingTimeInterval(86_400))
        return .json(
            .created,
            [
                "upload": .string(ticket), "contentType": .string(file.contentType), "filename": file.filename.map(JSON.string) ?? .null,
                "size": .integer(file.bytes.count),
                "url": .string(self.parts.links.linked(media, in: call.workspace, at: call.request.at).url),
            ]
        )
    }
}
