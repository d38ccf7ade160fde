import Channels
import Foundation
import HTTPTypes
import HummingbirdCore
import Parley
import Postgres

/// Which pages may speak with a channel: those of its `allowed_origins`, and our own.
///
/// Source: WHATWG Fetch, sections 3.2 (`Origin`) and 3.3 (CORS protocol).
struct OriginPolicy: Sendable {
    private let own: String

    /// - Parameter publicURL: by our own word, never by a `Host` that a rebound name could bring.
    init(publicURL: String) { self.own = Self.normalized(publicURL) }

    /// The page's origin; nil when the browser has no need to tell it (a page of ours), or there is no browser.
    ///
    /// - Throws: 403 for any other page.
    func origin(of request: IncomingRequest, on channel: ChannelRecord) throws(Problem) -> String? {
        guard let origin = request.headers[.origin] else {
            let site = request.headers[HTTPField.Name("sec-fetch-site")!]
            guard site != "cross-site", site != "same-site" else { throw Self.foreign }
            return nil
        }
        let allowed = (channel.settings["allowed_origins"]?.array ?? []).compactMap(\.string).map(Self.normalized)
        guard origin == self.own || allowed.contains(origin) else { throw Self.foreign }
        return origin
    }

    /// What `body` answers or throws, readable for the page that asked.
    func answering<T: CrossOriginAnswer>(
        _ request: IncomingRequest,
        of channel: ChannelRecord,
        _ body: () async throws -> T
    ) async throws -> T {
        let origin = try self.origin(of: request, on: channel)
        do {
            var answer = try await body()
            answer.add(Self.headers(for: origin))
            return answer
        } catch var problem as Problem {
            problem.headers.append(contentsOf: Self.headers(for: origin))
            throw problem
        }
    }

    func answering(_ request: IncomingRequest, of channel: ChannelRecord, _ body: () async throws -> Void) async throws {
        let origin = try self.origin(of: request, on: channel)
        do { try await body() } catch var problem as Problem {
            problem.headers.append(contentsOf: Self.headers(for: origin))
            throw problem
        }
    }

    func preflight(_ request: IncomingRequest, of channel: ChannelRecord) throws(Problem) -> Response {
        var headers = Self.headers(for: try self.origin(of: request, on: channel))
        headers[HTTPField.Name("access-control-allow-methods")!] = "GET, POST"
        headers[HTTPField.Name("access-control-allow-headers")!] = "authorization, content-type, last-event-id"
        headers[HTTPField.Name("access-control-max-age")!] = "600"
        return Response(status: .noContent, headers: headers)
    }

    private static let foreign = Problem(
        403,
        "origin_not_allowed",
        "This page may not use the chat",
        detail: "Add its origin to the channel's allowed_origins."
    )

    private static func headers(for origin: String?) -> HTTPFields {
        var headers = HTTPFields()
        headers[.vary] = "Origin"
        guard let origin else { return headers }
        headers[.accessControlAllowOrigin] = origin
        headers[HTTPField.Name("access-control-expose-headers")!] = "retry-after, x-request-id"
        headers[HTTPField.Name("cross-origin-resource-policy")!] = "cross-origin"
        return headers
    }

    /// `https://shop.example`: what a browser sends for a page of this URL.
    static func normalized(_ url: String) -> String {
        guard let parts = URLComponents(string: url), let scheme = parts.scheme?.lowercased(), let host = parts.host?.lowercased() else {
            return ""
        }
        let usual = scheme == "https" ? 443 : 80
        return "\(scheme)://\(host)" + (parts.port.map { $0 == usual ? "" : ":\($0)" } ?? "")
    }
}

/// What headers can be added to.
protocol CrossOriginAnswer { mutating func add(_ headers: HTTPFields) }

extension Response: CrossOriginAnswer {
    mutating func add(_ headers: HTTPFields) { self.headers.append(contentsOf: headers) }
}
