import Foundation
package import HTTPTypes
package import HummingbirdCore

/// Which handler answers which method and path: a tree of path segments.
///
/// A segment `:name` takes any one non-empty segment; a literal one goes before it.
package struct Routes: Sendable {
    package typealias Handler = @Sendable (IncomingRequest) async throws -> Response
    /// Judges a request whose body has not been read yet.
    package typealias Admission = @Sendable (IncomingRequest) async throws -> Void

    /// How a route takes files.
    package struct Upload: Sendable {
        /// Bytes of body.
        package var limit: Int
        /// Throws what is answered instead of reading so much from whoever may not send it.
        package var admit: Admission
        package init(limit: Int, admit: @escaping Admission) {
            self.limit = limit
            self.admit = admit
        }
    }

    /// What the tree says of a request.
    enum Match: Sendable {
        case found(Route, parameters: [String: String])
        case wrongMethod([String])
        case nothing
    }

    struct Route: Sendable {
        /// As registered, `/v1/keys/:id`: the metric's label.
        var pattern: String
        var handler: Handler
        /// Nil where bodies are as small as everywhere.
        var upload: Upload?
    }

    private struct Node: Sendable {
        var literals: [String: Node] = [:]
        var parameter: [Node] = []  // none or one: an array gives the recursion its box
        var parameterName = ""
        var methods: [HTTPRequest.Method: Route] = [:]
        var anyMethod: Route?
    }
    private var root = Node()

    package init() {}

    /// - Parameters:
    ///   - method: nil for every method.
    ///   - upload: set where larger bodies are taken.
    package mutating func on(_ method: HTTPRequest.Method?, _ pattern: String, upload: Upload? = nil, _ handler: @escaping Handler) {
        let route = Route(pattern: pattern, handler: handler, upload: upload)
        Self.insert(route, method, pattern.split(separator: "/")[...], into: &self.root)
    }

    private static func insert(_ route: Route, _ method: HTTPRequest.Method?, _ rest: ArraySlice<Substring>, into node: inout Node) {
        guard let segment = rest.first else {
            if let method { node.methods[method] = route } else { node.anyMethod = route }
            return
        }
        if segment.hasPrefix(":") {
            if node.parameter.isEmpty { node.parameter.append(Node()) }
            node.parameterName = String(segment.dropFirst())
            self.insert(route, method, rest.dropFirst(), into: &node.parameter[0])
        } else {
            self.insert(route, method, rest.dropFirst(), into: &node.literals[String(segment), default: Node()])
        }
    }

    /// How large a body may be there; nil where nothing special is said.
    func uploadLimit(target: String) -> Int? {
        guard case .found(let route, _) = self.match(.post, String(target.prefix { $0 != "?" })) else { return nil }
        return route.upload?.limit
    }

    func match(_ method: HTTPRequest.Method, _ path: String) -> Match {
        var segments = path.dropFirst().split(separator: "/", omittingEmptySubsequences: false)[...]
        if segments.last == "" { segments.removeLast() }  // `/v1/keys/` is `/v1/keys`
        var parameters: [String: String] = [:]
        guard let node = Self.find(segments, in: self.root, &parameters) else { return .nothing }
        let wanted = method == .head ? .get : method
        if let route = node.methods[wanted] ?? node.anyMethod { return .found(route, parameters: parameters) }
        if node.methods.isEmpty { return .nothing }
        var allowed = node.methods.keys.map(\.rawValue)
        if node.methods[.get] != nil { allowed.append("HEAD") }
        return .wrongMethod(allowed.sorted())
    }

    private static func find(_ rest: ArraySlice<Substring>, in node: Node, _ parameters: inout [String: String]) -> Node? {
        guard let segment = rest.first else { return node }
        if let next = node.literals[String(segment)], let found = self.find(rest.dropFirst(), in: next, &parameters) { return found }
        guard let next = node.parameter.first, !segment.isEmpty, let value = segment.removingPercentEncoding,
            let found = self.find(rest.dropFirst(), in: next, &parameters)
        else { return nil }
        parameters[node.parameterName] = value
        return found
    }
}
