internal import Foundation
internal import Parley

/// What expressions see of a request:
///
///     {method, url, scheme, host, port, target: path and query, path, query: {name: value}, headers: {name: value}, route,
///      body: text, json, form: {name: first value}, forms: {name: [values]}, files: [{field, name, type, size}], xml,
///      sha256: {body: hex, url: hex}, settings, channel: {id, hook_url}, now: seconds since 1970}
enum RequestInput {
    /// What was made of a body.
    enum Body {
        /// The members it brings.
        case read([String: JSON])
        /// It is not what its type says: nothing but its bytes can be relied on.
        case malformed
        /// It is made of more values than may be.
        case tooLarge
    }

    /// The members that only a body brings.
    static let bodyNames: Set<String> = ["json", "form", "forms", "files", "xml"]

    /// All but what is made of the body.
    static func head(of request: HookRequest, channel: ChannelContext) -> JSON {
        var members: [String: JSON] = [
            "method": .string(request.method), "url": .string(request.url), "route": request.route.map { .string($0) } ?? .null,
            "headers": .object(request.headers.mapValues { .string($0) }), "body": .string(String(decoding: request.body, as: UTF8.self)),
            "settings": .object(channel.settings), "now": .number("\(request.at.timeIntervalSince1970)"),
            "channel": ["id": .string(channel.id.description), "hook_url": .string(channel.hookURL)],
            "sha256": [
                "body": .string(Hex.encode(Crypto.sha256(request.body))), "url": .string(Hex.encode(Crypto.sha256(request.url.utf8))),
            ],
        ]
        let location = URLParts(request.url)
        members["scheme"] = .string(location.scheme)
        members["host"] = .string(location.host)
        members["port"] = .integer(location.port)
        members["target"] = .string(location.target)
        members["path"] = .string(location.path)
        members["query"] = .object(self.first(FormBody.parse(location.query.utf8) ?? []))
        return .object(members)
    }

    static func body(of request: HookRequest, kind: Declaration.BodyKind?) -> Body {
        do throws(JSONError) {
            return try self.read(request, kind: kind).map { .read($0) } ?? .malformed
        } catch {
            return error.code == .tooMany ? .tooLarge : .malformed
        }
    }

    /// The members that the body brings; nil when it is broken.
    private static func read(_ request: HookRequest, kind: Declaration.BodyKind?) throws(JSONError) -> [String: JSON]? {
        let contentType = request.headers["content-type"] ?? ""
        let essence = contentType.prefix { $0 != ";" }.lowercased().filter { $0 != " " }
        guard !request.body.isEmpty else { return [:] }
        switch kind ?? self.kind(of: essence) {
        case .json: return ["json": try JSON(parsing: request.body)]
        case .xml: return try XMLBody.parse(request.body).map { ["xml": $0] }
        case .form: return FormBody.parse(request.body).map { self.form($0) }
        case .multipart:
            return MultipartBody(request.body, contentType: contentType).map { body in
                self.form(body.fields).merging(["files": .array(body.files)]) { $1 }
            }
        case .text: return [:]
        }
    }

    private static func kind(of essence: String) -> Declaration.BodyKind {
        switch essence {
        case "application/json": .json
        case _ where essence.hasSuffix("+json"): .json
        case "application/x-www-form-urlencoded": .form
        case "multipart/form-data": .multipart
        case "text/xml", "application/xml": .xml
        case _ where essence.hasSuffix("+xml"): .xml
        default: .text
        }
    }

    private static func form(_ fields: [(name: String, value: String)]) -> [String: JSON] {
        let all = Dictionary(grouping: fields, by: \.name).mapValues { JSON.array($0.map { .string($0.value) }) }
        return ["form": .object(self.first(fields)), "forms": .object(all)]
    }

    private static func first(_ fields: [(name: String, value: String)]) -> [String: JSON] {
        Dictionary(fields.map { ($0.name, .string($0.value)) }) { first, _ in first }
    }
}

/// A URL cut at its marks, every part as it was written: signatures cover the letters, not the meaning.
private struct URLParts {
    var scheme: String
    var host: String
    /// The scheme's own when the URL names none.
    var port: Int
    var path: String
    var query: String
    var target: String

    init(_ url: String) {
        let text = url.prefix { $0 != "#" }
        let halves = text.firstRange(of: "://").map { (text[..<$0.lowerBound], text[$0.upperBound...]) } ?? ("", text)
        let authority = halves.1.prefix { $0 != "/" && $0 != "?" }
        let target = halves.1[authority.endIndex...]
        let colon = authority.lastIndex { $0 == ":" }.flatMap { authority[$0...].contains("]") ? nil : $0 }
        let path = target.prefix { $0 != "?" }
        self.scheme = String(halves.0)
        self.host = String(authority[..<(colon ?? authority.endIndex)])
        self.port = colon.flatMap { Int(authority[$0...].dropFirst()) } ?? (self.scheme == "http" ? 80 : 443)
        self.path = String(path)
        self.query = String(target[path.endIndex...].dropFirst())
        self.target = String(target)
    }
}
