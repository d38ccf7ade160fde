package import Channels
import Foundation
import HTTPTypes
import HummingbirdCore
import NIOCore
package import Logging
import Parley
import Queue

/// `/hooks/{channel}[/{route}]`: where providers bring what happened. Their acknowledgement is our commit.
package struct HookEndpoint: Sendable {
    private let channels: ChannelStore
    private let adapters: AdapterRegistry
    private let committer: IngestCommitter
    private let publicURL: String
    private let metrics: Metrics
    private let logger: Logger

    package init(
        channels: ChannelStore,
        adapters: AdapterRegistry,
        committer: IngestCommitter,
        publicURL: String,
        metrics: Metrics,
        logger: Logger
    ) {
        self.channels = channels
        self.adapters = adapters
        self.committer = committer
        self.publicURL = publicURL
        self.metrics = metrics
        self.logger = logger
    }

    package func mount(on routes: inout Routes) {
        routes.on(nil, "/hooks/:channel") { try await self.answer($0) }
        routes.on(nil, "/hooks/:channel/:route") { try await self.answer($0) }
    }

    private func answer(_ incoming: IncomingRequest) async throws -> Response {
        guard let id = incoming.parameters["channel"].flatMap({ ChannelID($0) }), let channel = try await self.channels.channel(id),
            channel.status != .disabled, let adapter = self.adapters[channel.adapter]
        else { throw Problem.notFound }
        let request = self.hookRequest(incoming)
        let reception: Reception
        do {
            reception = try await adapter.receive(request, for: channel.context(publicURL: self.publicURL))
        } catch {
            // Whether the provider sent this is not known yet, so it is neither kept nor acknowledged: it comes again.
            self.count(channel, "failed")
            self.logger.error(
                "adapter failed on a request",
                metadata: [
                    "channel.id": "\(channel.id)", "adapter": "\(channel.adapter)", "error.code": "\(error.code.rawValue)",
                    "error.detail": "\(error.detail)",
                ]
            )
            throw Problem.unavailable("adapter_failed", retryAfter: 30)
        }
        return try await self.settle(reception, of: request, for: channel, entry: adapter.entry)
    }

    private func settle(
        _ reception: Reception,
        of request: HookRequest,
        for channel: ChannelRecord,
        entry: QueueName
    ) async throws -> Response {
        switch reception {
        case .refused(let code, let detail):
            self.count(channel, "refused")
            throw Problem(401, code, "The request did not verify", detail: detail)
        case .notFound: throw Problem.notFound
        case .methodNotAllowed(let methods): throw Problem.methodNotAllowed(methods)
        case .tooLarge:
            self.count(channel, "too_large")
            throw Problem.bodyTooLarge
        case .answered(let answer):
            self.count(channel, "answered")
            return Response(answer)
        case .accepted(let events, let answer, let wouldRefuse, let files):
            if wouldRefuse != nil { self.count(channel, "would_refuse") }
            guard !events.isEmpty else {
                self.count(channel, "ignored")
                return Response(answer)
            }
            try await self.store(request, events, files, .accepted, wouldRefuse.map { "would refuse: \($0)" }, for: channel, entry: entry)
            return Response(answer)
        case .quarantined(let reason, let answer):
            try await self.store(request, [], [], .quarantined, reason, for: channel, entry: entry)
            self.logger.warning("request quarantined", metadata: ["channel.id": "\(channel.id)", "adapter": "\(channel.adapter)"])
            return Response(answer)
        }
    }

    private func store(
        _ request: HookRequest,
        _ events: [InboundEvent],
        _ files: [AttachmentFile],
        _ outcome: IngestItem.Outcome,
        _ detail: String?,
        for channel: ChannelRecord,
        entry: QueueName
    ) async throws {
        var random = SystemRandomNumberGenerator()
        var item = IngestItem(
            workspace: channel.workspace,
            channel: channel.id,
            id: .version7(at: request.at, using: &random),
            request: request,
            events: events,
            files: files,
            outcome: outcome,
            detail: detail
        )
        item.queue = entry
        let stored = try await self.committer.store(item)
        self.count(channel, stored.isDuplicate ? "duplicate" : outcome.rawValue)
    }

    private func count(_ channel: ChannelRecord, _ outcome: String) {
        self.metrics.counter(
            "parley_ingest_requests_total",
            "Requests of providers, by adapter and what became of them.",
            ["adapter": channel.adapter.rawValue, "outcome": outcome]
        ).add()
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
