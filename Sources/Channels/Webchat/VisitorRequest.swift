package import Foundation
package import Parley

/// What a visitor did, as it is archived and read again: the adapter's `HookRequest`.
package struct VisitorRequest: Hashable, Sendable {
    package enum Act: Hashable, Sendable {
        case message(Said)
        /// What the browser showed of our messages.
        case receipts([MessageID], ReceiptStatus)
    }
    /// A message, as the visitor wrote it.
    package struct Said: Hashable, Sendable {
        /// Made by the browser; the same one again is the same message.
        package var clientID: String
        package var text: String
        package var media: [Media]
        package var sentAt: Date?
        /// The button that was tapped: whose it was, and its value.
        package var button: (message: MessageID, value: String)?

        package init(
            clientID: String,
            text: String,
            media: [Media] = [],
            sentAt: Date? = nil,
            button: (message: MessageID, value: String)? = nil
        ) {
            self.clientID = clientID
            self.text = text
            self.media = media
            self.sentAt = sentAt
            self.button = button
        }
        package static func == (one: Said, other: Said) -> Bool { one.json == other.json }
        package func hash(into hasher: inout Hasher) { hasher.combine(self.clientID) }
    }

    package var visitor: Visitor
    package var act: Act

    package init(visitor: Visitor, act: Act) {
        self.visitor = visitor
        self.act = act
    }

    // MARK: - To and from a request

    package func request(at date: Date, peer: String) -> HookRequest {
        var headers = ["device": self.visitor.device, "peer": peer]
        headers["user"] = self.visitor.userID
        headers["name"] = self.visitor.name
        let body: JSON =
            switch self.act {
            case .message(let said): ["message": said.json]
            case .receipts(let ids, let status):
                ["receipts": .array(ids.map { .string($0.description) }), "status": .string(status.rawValue)]
            }
        return HookRequest(
            method: WebchatAdapter.method,
            url: WebchatAdapter.url,
            route: nil,
            headers: headers,
            body: Array(body.text.utf8),
            at: date
        )
    }

    /// Nil for what `request` never makes.
    init?(_ request: HookRequest) {
        guard let device = request.headers["device"], Visitor.isDevice(device), let body = try? JSON(parsing: request.body) else {
            return nil
        }
        self.visitor = Visitor(device: device, userID: request.headers["user"], name: request.headers["name"])
        if let said = body["message"].flatMap(Said.init(json:)) {
            self.act = .message(said)
        } else if let ids = body["receipts"]?.array, let status = body["status"]?.string.flatMap(ReceiptStatus.init) {
            self.act = .receipts(ids.compactMap { $0.string.flatMap { MessageID($0) } }, status)
        } else {
            return nil
        }
    }

    // MARK: - What it means

    package var events: [InboundEvent] {
        switch self.act {
        case .receipts(let ids, let status): return ids.map { .receipt(Receipt(externalID: $0.description, status: status)) }
        case .message(let said):
            let id = Self.externalID(device: self.visitor.device, clientID: said.clientID)
            let message = InboundMessage(
                externalID: id,
                from: self.visitor.address,
                fromName: self.visitor.name,
                text: said.text,
                media: said.media,
                inReplyTo: said.button?.message.description,
                sentAt: said.sentAt
            )
            guard let button = said.button else { return [.message(message)] }
            let fields = ["message": button.message.description, "value": button.value, "title": said.text]
            let tap = Interaction(externalID: id, type: "button", from: self.visitor.address, fields: fields)
            return [.message(message), .interaction(tap)]
        }
    }

    /// The browser's own id within the channel. By the browser, not by the user: what was queued before signing in is the same after it.
    package static func externalID(device: String, clientID: String) -> String { "\(device):\(clientID)" }

    /// The browser's id of a message; nil for what has none.
    package static func clientID(of externalID: String) -> String? {
        let sides = externalID.split(separator: ":", maxSplits: 1)
        return sides.count == 2 && Visitor.isDevice(String(sides[0])) ? String(sides[1]) : nil
    }
}

extension VisitorRequest.Said {
    var json: JSON {
        var members: [String: JSON] = ["clientId": .string(self.clientID), "text": .string(self.text)]
        if !self.media.isEmpty { members["media"] = .array(self.media.map(\.json)) }
        members["sentAt"] = self.sentAt.map { .integer(Int(($0.timeIntervalSince1970 * 1000).rounded())) }
        members["button"] = self.button.map { ["messageId": .string($0.message.description), "value": .string($0.value)] }
        return .object(members)
    }

    init?(json: JSON) {
        guard let clientID = json["clientId"]?.string, let text = json["text"]?.string else { return nil }
        var button: (MessageID, String)?
        if let id = json["button"]?["messageId"]?.string.flatMap({ MessageID($0) }), let value = json["button"]?["value"]?.string {
            button = (id, value)
        }
        self.init(
            clientID: clientID,
            text: text,
            media: (json["media"]?.array ?? []).compactMap(Media.init(json:)),
            sentAt: json["sentAt"]?.int.map { Date(timeIntervalSince1970: Double($0) / 1000) },
            button: button
        )
    }
}
