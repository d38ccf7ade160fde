package import Channels
package import Curl
import Foundation
import HTTPTypes
import HummingbirdCore
import Parley
package import Postgres

/// `/v1/…`: everything a workspace's key can see and do.
package struct API: Sendable {
    /// What the API is made of; the process that composes it decides.
    package struct Dependencies: Sendable {
        package var pool: Pool
        package var keys: KeyStore
        package var channels: ChannelStore
        package var adapters: AdapterRegistry
        package var ingest: Ingest
        package var egress: EgressPolicy
        package var publicURL: String
        /// Nil where nobody listens, as in some tests.
        package var feed: EventFeed?

        package init(
            pool: Pool,
            keys: KeyStore,
            channels: ChannelStore,
            adapters: AdapterRegistry,
            ingest: Ingest,
            egress: EgressPolicy,
            publicURL: String,
            feed: EventFeed? = nil
        ) {
            self.pool = pool
            self.keys = keys
            self.channels = channels
            self.adapters = adapters
            self.ingest = ingest
            self.egress = egress
            self.publicURL = publicURL
            self.feed = feed
        }
    }

    let pool: Pool
    let keys: KeyStore
    let channels: ChannelStore
    let adapters: AdapterRegistry
    let ingest: Ingest
    let egress: EgressPolicy
    let publicURL: String
    let cursors: Cursors
    let links: FileLinks
    let feed: EventFeed?
    let idempotency: IdempotencyStore
    // An address that tries 20 wrong keys at once waits 3 s for each further try (B75).
    private let wrongKeys = RateLimiter(RateLimiter.Rule(perSecond: 1.0 / 3, burst: 20))
    private let perKey = RateLimiter(RateLimiter.Rule(perSecond: 2_000, burst: 4_000))
    // Many keys are no way around a workspace's share (B74).
    private let perWorkspace = RateLimiter(RateLimiter.Rule(perSecond: 5_000, burst: 10_000))

    package init(_ dependencies: Dependencies) {
        self.pool = dependencies.pool
        self.keys = dependencies.keys
        self.channels = dependencies.channels
        self.adapters = dependencies.adapters
        self.ingest = dependencies.ingest
        self.egress = dependencies.egress
        self.publicURL = dependencies.publicURL
        self.cursors = Cursors(keys: dependencies.channels.sealer.tokenKeys(for: "cursor"))
        self.links = FileLinks(sealer: dependencies.channels.sealer, publicURL: dependencies.publicURL)
        self.feed = dependencies.feed
        self.idempotency = IdempotencyStore(sealer: dependencies.channels.sealer)
    }

    package func mount(on routes: inout Routes) {
        self.mountKeys(on: &routes)
        self.mountChannels(on: &routes)
        self.mountConversations(on: &routes)
        self.mountMessages(on: &routes)
        self.mountContacts(on: &routes)
        self.mountInboundRequests(on: &routes)
        self.mountDeliveries(on: &routes)
        self.mountDeadLetters(on: &routes)
        self.mountAttachments(on: &routes)
        self.mountTyping(on: &routes)
    }

    /// A list that is short enough to be had whole, given out page by page like the long ones.
    func list(
        _ pattern: String,
        _ scope: Scope = .read,
        on routes: inout Routes,
        _ items: @escaping @Sendable (APICall) async throws -> [JSON]
    ) {
        self.pages(pattern, scope, on: &routes) { call, page in page.answer(whole: try await items(call)) }
    }

    /// A list of which each request reads a page.
    ///
    /// - Parameter filters: the query parameters that it takes besides those of every list.
    func pages(
        _ pattern: String,
        _ scope: Scope = .read,
        filters: Set<String> = [],
        on routes: inout Routes,
        _ handler: @escaping @Sendable (APICall, Page) async throws -> JSON
    ) {
        self.read(pattern, scope, taking: filters.union(Page.parameters), on: &routes) { call in
            let page = try Page(call.query, scope: "\(call.workspace)\(call.request.path)", cursors: self.cursors)
            return try await handler(call, page)
        }
    }

    /// A request that changes nothing. The others are in API+changes.swift.
    ///
    /// - Parameter names: the query parameters that it takes.
    func read(
        _ pattern: String,
        _ scope: Scope = .read,
        taking names: Set<String> = [],
        on routes: inout Routes,
        _ handler: @escaping @Sendable (APICall) async throws -> JSON
    ) {
        routes.on(.get, pattern) { request in
            let call = try await self.admit(request, scope, taking: names)
            return .json(.ok, try await handler(call))
        }
    }

    // MARK: - Admission

    /// - Parameters:
    ///   - names: the query parameters that the route takes; any other is refused.
    ///   - type: JSON, as nearly always; nil where the answer is what a file is.
    func admit(
        _ request: IncomingRequest,
        _ scope: Scope,
        taking names: Set<String> = [],
        answers type: String? = "application/json"
    ) async throws -> APICall {
        let key = try await self.authenticated(request)
        for (limiter, subject) in [(self.perKey, key.id.description), (self.perWorkspace, key.workspace.description)] {
            if let wait = limiter.take(subject) { throw Problem.tooManyRequests(limiter.rule, retryAfter: wait) }
        }
        guard key.scopes.contains(scope) else {
            throw Problem(403, "insufficient_scope", "Insufficient scope", detail: "This needs a key with the scope \(scope.rawValue).")
        }
        guard type == nil || Self.accepts(request.headers[.accept]) else { throw Problem.notAcceptable }
        return APICall(request: request, query: try Query(request, of: names), key: key)
    }

    /// Who tries too many wrong keys is told so before the look-up; only keys that worked here before are looked up all the same.
    private func authenticated(_ request: IncomingRequest) async throws -> APIKey {
        let secret = Self.secret(request)
        if !self.keys.hasSeen(secret), let wait = self.wrongKeys.wait(request.peer) {
            throw Problem.tooManyRequests(self.wrongKeys.rule, retryAfter: wait)
        }
        if let key = try await self.keys.authenticate(secret) { return key }
        if let wait = self.wrongKeys.take(request.peer) { throw Problem.tooManyRequests(self.wrongKeys.rule, retryAfter: wait) }
        throw Problem(
            401,
            "unauthenticated",
            "Unauthenticated",
            detail: "Send a valid key: Authorization: Bearer KEY.",
            headers: [.wwwAuthenticate: #"Bearer realm="parley""#]
        )
    }

    /// `Bearer KEY`, `AccessKey KEY` or the bare key.
    private static func secret(_ request: IncomingRequest) -> String? {
        guard let value = request.headers[.authorization] else { return nil }
        let words = value.split(separator: " ", maxSplits: 1)
        guard words.count == 2 else { return value }
        return ["bearer", "accesskey"].contains(words[0].lowercased()) ? words[1].trimmingCharacters(in: .whitespaces) : nil
    }

    /// Whether JSON may be the answer. Source: RFC 9110 section 12.5.1.
    private static func accepts(_ header: String?) -> Bool {
        guard let header, !header.allSatisfy(\.isWhitespace) else { return true }
        var isWanted: [String: Bool] = [:]
        for range in header.split(separator: ",") {
            let parts = range.split(separator: ";").map { $0.trimmingCharacters(in: .whitespaces).lowercased() }
            guard let type = parts.first else { continue }
            let isExcluded = parts.contains { $0.wholeMatch(of: /q=0(\.0*)?/) != nil }
            isWanted[type] = isWanted[type] == true || !isExcluded
        }
        // The closest range decides: `application/json;q=0, */*` wants anything but JSON.
        let closest = ["application/json", "application/*", "*/*"].compactMap { isWanted[$0] }.first
        return closest ?? isWanted["application/problem+json"] ?? false
    }
}
