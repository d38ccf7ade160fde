import Foundation
import Parley

/// A request that somebody kept in a file: as it went over the wire, or as JSON with `method`, `url`, `headers` and `body`.
enum RecordedRequest {
    static func read(_ path: String) throws -> HookRequest {
        guard let data = FileManager.default.contents(atPath: path) else { throw ProcessFailure.failed("\(path) cannot be read") }
        let request = data.first == UInt8(ascii: "{") ? Self.json(Array(data)) : Self.wire(Array(data))
        guard let request else {
            throw ProcessFailure.failed(
                "\(path) is no recorded request: neither HTTP (POST /path HTTP/1.1, headers, an empty line, a body) nor JSON"
            )
        }
        return request
    }

    private static func json(_ bytes: [UInt8]) -> HookRequest? {
        guard let json = try? JSON(parsing: bytes), let body = json["body"] else { return nil }
        let headers = (json["headers"]?.object ?? [:]).compactMapValues(\.string)
        return HookRequest(
            method: json["method"]?.string ?? "POST",
            url: json["url"]?.string ?? "https://bridge.example/hooks/1",
            route: json["route"]?.string,
            headers: Dictionary(headers.map { ($0.key.lowercased(), $0.value) }) { "\($0), \($1)" },
            body: Array((body.string ?? body.text).utf8),
            at: Date()
        )
    }

    /// Source: RFC 9112 section 2.1; line ends with or without CR, as editors leave them.
    private static func wire(_ bytes: [UInt8]) -> HookRequest? {
        var rest = bytes[...]
        func line() -> String? {
            guard let end = rest.firstIndex(of: 0x0a) else { return nil }
            defer { rest = rest[(end + 1)...] }
            return String(decoding: rest[..<end], as: UTF8.self).trimmingCharacters(in: .newlines)
        }
        let start = (line() ?? "").split(separator: " ")
        guard start.count >= 2, start[0].allSatisfy(\.isUppercase) else { return nil }
        var headers: [String: String] = [:]
        while let text = line(), !text.isEmpty {
            guard let colon = text.firstIndex(of: ":") else { return nil }
            let (name, value) = (text[..<colon].lowercased(), text[text.index(after: colon)...].trimmingCharacters(in: .whitespaces))
            headers[name] = headers[name].map { "\($0), \(value)" } ?? value
        }
        let target = String(start[1])
        let url = target.hasPrefix("/") ? "https://\(headers["host"] ?? "bridge.example")\(target)" : target
        let parts = (URL(string: url)?.path ?? "").split(separator: "/")  // hooks, the channel, perhaps a route
        let route = parts.count > 2 && parts[0] == "hooks" ? String(parts[2]) : nil
        return HookRequest(method: String(start[0]), url: url, route: route, headers: headers, body: Array(rest), at: Date())
    }
}
