import Channels
import Foundation
import HTTPTypes
import HummingbirdCore
import Parley
import Postgres

extension Webchat {
    /// What happens from a cursor on: first what was missed, then live. Every event once, however often the browser connects.
    func events(_ call: Call) async throws -> Response {
        try self.limiters.other(call)
        let after = try Self.cursor(call.request)
        let place = try await self.store.place(of: call.visitor, on: call.channel.id, in: call.workspace)
        let connection = try await self.hub.connect(place, device: call.visitor.device)
        self.count("stream")
        let (store, date) = (self.store, call.request.at)
        return try .events { stream in
            var last = connection.position
            if let after, after > last { last = after }  // another process was ahead
            if let after, after < connection.position {
                if let missed = try await store.missed(by: place, after: after, upTo: connection.position, at: date) {
                    for event in missed { try await stream.send(event) }
                } else {
                    try await stream.send(event: "reset", id: String(last), data: ["cursor": .string(String(last))])
                }
            }
            try await stream.send(event: "ready", id: String(last), data: ["cursor": .string(String(last))])
            for await event in connection.events {
                if let id = event.id {
                    if id <= last { continue }
                    last = id
                }
                try await stream.send(event)
            }
        }
    }

    /// `Last-Event-ID` goes before `?after=`; nil: from now on.
    private static func cursor(_ request: IncomingRequest) throws(Problem) -> Int64? {
        let header = request.headers[HTTPField.Name("last-event-id")!].flatMap { $0.isEmpty ? nil : $0 }
        guard let text = header ?? request.queryItems.first(where: { $0.name == "after" })?.value else { return nil }
        guard let cursor = Int64(text), cursor >= 0 else { throw .badRequest("The cursor is none of ours.") }
        return cursor
    }
}

extension EventStream {
    fileprivate func send(_ event: VisitorEvent) async throws(Ended) {
        try await self.send(event: event.name, id: event.id.map(String.init), data: event.data)
    }
}
