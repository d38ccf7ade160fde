import Channels
import Foundation
import HTTPTypes
import HummingbirdCore
package import Logging
import Parley
package import Postgres

/// `/webchat/{channel}/…`: what the widget speaks with.
///
/// A visitor is known by a token that only we can sign; there is no cookie, so no other page can act with it. Every call is checked against
/// the channel's origins.
package struct Webchat: Sendable {
    /// What it is made of; the process that composes it decides.
    package struct Dependencies: Sendable {
        package var pool: Pool
        package var channels: ChannelStore
        package var ingest: Ingest
        package var feed: EventFeed
        package var links: FileLinks
        package var publicURL: String
        package var metrics: Metrics
        package var logger: Logger

        package init(
            pool: Pool,
            channels: ChannelStore,
            ingest: Ingest,
            feed: EventFeed,
            links: FileLinks,
            publicURL: String,
            metrics: Metrics,
            logger: Logger
        ) {
            self.pool = pool
            self.channels = channels
            self.ingest = ingest
            self.feed = feed
            self.links = links
            self.publicURL = publicURL
            self.metrics = metrics
            self.logger = logger
        }
    }

    static let name = AdapterName(rawValue: "webchat")!
    /// Bytes of one JSON body.
    static let bodyLimit = 128 * 1024

    let parts: Dependencies
    let hub: WebchatHub
    let adapter = WebchatAdapter()
    private let origins: OriginPolicy
    let limiters = VisitorLimits()

    package init(_ parts: Dependencies) {
        self.parts = parts
        self.hub = WebchatHub(feed: parts.feed, store: VisitorStore(pool: parts.pool, links: parts.links), logger: parts.logger)
        self.origins = OriginPolicy(publicURL: parts.publicURL)
    }

    var pool: Pool { self.parts.pool }
    var store: VisitorStore { self.hub.store }

    package func mount(on routes: inout Routes) {
        self.call(.post, "session", on: &routes) { try await self.startSession($0, on: $1) }
        self.visit(.get, "messages", on: &routes) { try await self.history($0) }
        self.visit(.post, "messages", on: &routes) { try await self.say($0) }
        self.visit(.get, "events", on: &routes) { try await self.events($0) }
        self.visit(.post, "typing", on: &routes) { try await self.type($0) }
        self.visit(.post, "receipts", on: &routes) { try await self.acknowledge($0) }
        let upload = Routes.Upload(limit: API.uploadLimit) { request in
            let channel = try await self.channel(of: request)
            try await self.origins.answering(request, of: channel) { _ = try self.visitor(of: request, in: channel) }
        }
        self.visit(.post, "files", upload: upload, on: &routes) { try await self.upload($0) }
        for name in ["session", "messages", "events", "typing", "receipts", "files"] {
            routes.on(.options, "/webchat/:channel/\(name)") { request in
                let channel = try await self.channel(of: request)
                return try self.origins.preflight(request, of: channel)
            }
        }
    }

    // MARK: - Admission

    /// One call of a browser, on a channel that is there, from a page that may.
    struct Call: Sendable {
        var request: IncomingRequest
        var channel: ChannelRecord
        var visitor: Visitor
        var workspace: WorkspaceID { self.channel.workspace }
    }

    private func call(
        _ method: HTTPRequest.Method,
        _ name: String,
        upload: Routes.Upload? = nil,
        on routes: inout Routes,
        _ handler: @escaping @Sendable (IncomingRequest, ChannelRecord) async throws -> Response
    ) {
        routes.on(method, "/webchat/:channel/\(name)", upload: upload) { request in
            let channel = try await self.channel(of: request)
            return try await self.origins.answering(request, of: channel) {
                guard upload != nil || request.body.count <= Self.bodyLimit else { throw Problem.bodyTooLarge }
                return try await handler(request, channel)
            }
        }
    }

    private func visit(
        _ method: HTTPRequest.Method,
        _ name: String,
        upload: Routes.Upload? = nil,
        on routes: inout Routes,
        _ handler: @escaping @Sendable (Call) async throws -> Response
    ) {
        self.call(method, name, upload: upload, on: &routes) { request, channel in
            try await handler(Call(request: request, channel: channel, visitor: try self.visitor(of: request, in: channel)))
        }
    }

    private func channel(of request: IncomingRequest) async throws -> ChannelRecord {
        guard let id = request.parameters["channel"].flatMap({ ChannelID($0) }), let channel = try await self.parts.channels.channel(id),
            channel.adapter == Self.name, channel.status != .disabled
        else { throw Problem.notFound }
        return channel
    }

    private func visitor(of request: IncomingRequest, in channel: ChannelRecord) throws(Problem) -> Visitor {
        let words = (request.headers[.authorization] ?? "").split(separator: " ", maxSplits: 1)
        guard words.count == 2, words[0].lowercased() == "bearer" else { throw Self.badToken }
        do { return try Visitor(token: String(words[1]), keys: channel.tokenKeys, at: request.at) } catch {
            throw error == .expired ? Self.expiredToken : Self.badToken
        }
    }

    static let expiredToken = Problem(401, "token_expired", "The session has ended", detail: "Start a new session.")
    static let badToken = Problem(401, "bad_token", "No valid visitor token", detail: "Start a session first.")

    func count(_ what: String) {
        let help = "What visitors did in the chat widget, by kind."
        self.parts.metrics.counter("parley_webchat_calls_total", help, ["kind": what]).add()
    }
}
