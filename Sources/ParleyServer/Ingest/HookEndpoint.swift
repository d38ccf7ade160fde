import Channels
import Foundation
import HTTPTypes
import HummingbirdCore
import NIOCore
import Parley

/// `/hooks/{channel}[/{route}]`: where providers bring what happened. Their acknowledgement is our commit.
package struct HookEndpoint: Sendable {
    private let channels: ChannelStore
    private let ingest: Ingest
    private let publicURL: String

    package init(channels: ChannelStore, ingest: Ingest, publicURL: String) {
        self.channels = channels
        self.ingest = ingest
        self.publicURL = publicURL
    }

    package func mount(on routes: inout Routes) {
        routes.on(nil, "/hooks/:channel") { try await self.answer($0) }
        routes.on(nil, "/hooks/:channel/:route") { try await self.answer($0) }
    }

    private func answer(_ incoming: IncomingRequest) async throws -> Response {
        guard let id = incoming.parameters["channel"].flatMap({ ChannelID($0) }), let channel = try await self.channels.channel(id),
            channel.status != .disabled, let reading = try await self.read(incoming, for: channel)
        else { throw Problem.notFound }
        let answer: HookAnswer
        switch reading.reception {
        case .refused(let code, let detail): throw Problem(401, code, "The request did not verify", detail: detail)
        case .notFound: throw Problem.notFound
        case .methodNotAllowed(let methods): throw Problem.methodNotAllowed(methods)
        case .tooLarge: throw Problem.bodyTooLarge
        case .accepted(_, let given, _), .ignored(_, let given), .answered(let given), .quarantined(_, let given): answer = given
        }
        if let item = reading.item { _ = try await self.ingest.store(item) }
        return Response(answer)
    }

    private func read(_ incoming: IncomingRequest, for channel: ChannelRecord) async throws(Problem) -> Ingest.Reading? {
        // What our adapter could not do is not kept and not acknowledged: it comes again.
        do { return try await self.ingest.read(self.hookRequest(incoming), for: channel) } catch {
            throw Problem.unavailable("adapter_failed", retryAfter: 30)
        }
    }

    /// The request as its provider meant it: at our public URL, whatever proxy it came through.
    private func hookRequest(_ incoming: IncomingRequest) -> HookRequest {
        var headers: [String: String] = [:]
        for field in incoming.headers {
            let name = field.name.canonicalName
            headers[name] = headers[name].map { "\($0), \(field.value)" } ?? field.value
        }
        return HookRequest(
            method: incoming.method.rawValue,
            url: self.publicURL + incoming.path + (incoming.query.map { "?\($0)" } ?? ""),
            route: incoming.parameters["route"],
            headers: headers,
            body: incoming.body,
            at: incoming.at
        )
    }
}

extension Response {
    init(_ answer: HookAnswer) {
        var headers = HTTPFields()
        for (name, value) in answer.headers {
            if let name = HTTPField.Name(name), name != .contentLength, name != .transferEncoding {
                headers.append(HTTPField(name: name, value: value))
            }
        }
        self.init(
            status: HTTPResponse.Status(code: answer.status),
            headers: headers,
            body: answer.body.isEmpty ? ResponseBody() : ResponseBody(byteBuffer: .init(string: answer.body))
        )
    }
}
