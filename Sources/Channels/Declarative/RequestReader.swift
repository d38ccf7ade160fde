internal import Foundation
internal import Parley

/// Reads what `outbound.request` yields:
///
///     {method: "POST", url, query: {…}, headers: {…}, basic: [user, password], bearer: token, and one of form: {…}, json, body: text with type,
///      multipart: [{name, value}, {name, file: true}], file: true}
///
/// A member of `query` or `form` that is null is left out, one that is a list is repeated.
enum RequestReader {
    /// - Parameters:
    ///   - method: when the result names none.
    ///   - file: what `body: {file: true}` or a part with `file: true` stands for; expressions never see the bytes.
    static func request(_ value: JSON?, method standard: String = "POST", file: AttachmentFile? = nil) throws(ResultReader.Problem)
        -> HTTPCall
    {
        guard let value else { throw .init(detail: "no request") }
        var reader = try ResultReader(value)
        let method = try reader.text("method") ?? standard
        let url = try self.url(&reader)
        var headers = try self.headers(&reader)
        let body = try self.body(&reader, &headers, file)
        try reader.finish()
        guard 3...7 ~= method.utf8.count, method.utf8.allSatisfy({ 0x41...0x5a ~= $0 }) else { throw .init(detail: "'method' is none") }
        return HTTPCall(method: method, url: url, headers: headers, body: body)
    }

    private static func url(_ reader: inout ResultReader) throws(ResultReader.Problem) -> String {
        guard var url = try reader.text("url"), url.utf8.allSatisfy({ $0 > 0x20 && $0 < 0x7f }), let parsed = URL(string: url),
            parsed.scheme == "https" || parsed.scheme == "http", parsed.host()?.isEmpty == false
        else { throw .init(detail: "'url' is none") }
        let query = try self.pairs(reader.value("query"), "query")
        if !query.isEmpty { url += (url.contains("?") ? "&" : "?") + FormBody.write(query) }
        return url
    }

    private static func headers(_ reader: inout ResultReader) throws(ResultReader.Problem) -> [String: String] {
        var headers: [String: String] = [:]
        for (name, value) in try self.pairs(reader.value("headers"), "headers") { headers[name.lowercased()] = value }
        if let basic = reader.value("basic") {
            guard let pair = basic.array?.compactMap(\.string), pair.count == 2 else {
                throw .init(detail: "'basic' is not [user, password]")
            }
            headers["authorization"] = "Basic \(Base64.encode(Array("\(pair[0]):\(pair[1])".utf8)))"
        }
        if let bearer = try reader.text("bearer") { headers["authorization"] = "Bearer \(bearer)" }
        // A line break would begin a header of the message's own making.
        let isClean = headers.allSatisfy { name, value in
            name.isDashedWord && value.unicodeScalars.allSatisfy { $0.value >= 0x20 && $0.value != 0x7f }
        }
        guard isClean else { throw .init(detail: "'headers' holds what no header may") }
        return headers
    }

    private static func body(
        _ reader: inout ResultReader,
        _ headers: inout [String: String],
        _ file: AttachmentFile?
    ) throws(ResultReader.Problem) -> [UInt8] {
        let (form, json, multipart) = (reader.value("form"), reader.value("json"), reader.value("multipart"))
        let isFile = try reader.flag("file")
        let text = try reader.text("body")
        let type = try reader.text("type")
        guard [form != nil, json != nil, multipart != nil, text != nil, isFile].count(where: { $0 }) <= 1 else {
            throw .init(detail: "more than one body")
        }
        if isFile {
            guard let file else { throw .init(detail: "there is no file here") }
            headers["content-type"] = type ?? file.contentType
            return file.bytes
        }
        if let multipart {
            let (type, body) = MultipartWriter.write(try self.parts(multipart, file))
            headers["content-type"] = type
            return body
        }
        if let form {
            headers["content-type"] = type ?? "application/x-www-form-urlencoded"
            return Array(FormBody.write(try self.pairs(form, "form")).utf8)
        }
        if let json {
            headers["content-type"] = type ?? "application/json; charset=utf-8"
            return Array(json.text.utf8)
        }
        if text != nil { headers["content-type"] = type ?? "text/plain; charset=utf-8" }
        return Array((text ?? "").utf8)
    }

    /// `[{name, value}, {name, file: true}]`
    private static func parts(_ value: JSON, _ file: AttachmentFile?) throws(ResultReader.Problem) -> [MultipartWriter.Part] {
        guard let items = value.array else { throw .init(detail: "'multipart' is not a list") }
        var parts: [MultipartWriter.Part] = []
        for item in items {
            var reader = try ResultReader(item)
            let name = try reader.needed("name")
            if try reader.flag("file") {
                guard let file else { throw .init(detail: "there is no file here") }
                parts.append(.file(name: name, file))
            } else {
                parts.append(.text(name: name, value: try reader.text("value") ?? ""))
            }
            try reader.finish()
        }
        return parts
    }

    /// Sorted by name, so that equal messages are equal bytes.
    private static func pairs(_ value: JSON?, _ name: String) throws(ResultReader.Problem) -> [(name: String, value: String)] {
        guard let value else { return [] }
        guard let members = value.object else { throw .init(detail: "'\(name)' is not an object") }
        var pairs: [(name: String, value: String)] = []
        for key in members.keys.sorted() {
            for item in members[key]?.array ?? [members[key] ?? .null] {
                switch item {
                case .null: continue
                case .string(let text), .number(let text): pairs.append((key, text))
                case .bool(let flag): pairs.append((key, flag ? "true" : "false"))
                default: throw .init(detail: "'\(name)' holds more than texts and lists of texts")
                }
            }
        }
        return pairs
    }
}
