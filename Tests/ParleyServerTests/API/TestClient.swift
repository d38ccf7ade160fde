import Foundation
import Parley

/// Speaks HTTP with a server under test over plain sockets, one connection for each request.
struct TestClient: Sendable {
    var port: Int
    var key: String?

    @discardableResult
    func send(_ method: String, _ path: String, _ body: JSON? = nil, headers: [String: String] = [:]) async throws -> TestAnswer {
        var headers = headers
        if body != nil, headers["Content-Type"] == nil { headers["Content-Type"] = "application/json" }
        return try await self.send(method, path, bytes: body.map { Array($0.text.utf8) } ?? [], headers: headers)
    }

    func send(_ method: String, _ path: String, bytes: [UInt8], headers: [String: String] = [:]) async throws -> TestAnswer {
        var headers = headers
        if let key, headers["Authorization"] == nil { headers["Authorization"] = "Bearer \(key)" }
        let lines = headers.sorted { $0.key < $1.key }.map { "\($0.key): \($0.value)\r\n" }.joined()
        let head = "\(method) \(path) HTTP/1.1\r\nHost: test\r\nConnection: close\r\nContent-Length: \(bytes.count)\r\n\(lines)\r\n"
        let connection = try RawConnection(port: self.port)
        defer { connection.close() }
        return TestAnswer(await connection.exchange(Array(head.utf8) + bytes))
    }
}

/// One answer, taken apart.
struct TestAnswer: Sendable {
    var status: Int
    /// Names in lower case.
    var headers: [String: String]
    var body: String

    init(_ raw: RawAnswer) {
        self.status = raw.status
        let halves = raw.text.split(separator: "\r\n\r\n", maxSplits: 1)
        self.headers = (halves.first ?? "").split(separator: "\r\n").dropFirst().reduce(into: [:]) { headers, line in
            let sides = line.split(separator: ":", maxSplits: 1)
            if sides.count == 2 { headers[sides[0].lowercased()] = sides[1].trimmingCharacters(in: .whitespaces) }
        }
        self.body = halves.count > 1 ? String(halves[1]) : ""
    }

    /// `.null` for what is no JSON.
    var json: JSON { (try? JSON(parsing: self.body)) ?? .null }
    var code: String { self.json["code"]?.string ?? "" }
    var data: [JSON] { self.json["data"]?.array ?? [] }
    /// `pointer code` of each place that is wrong.
    var errors: [String] {
        (self.json["errors"]?.array ?? []).map { "\($0["pointer"]?.string ?? "") \($0["code"]?.string ?? "")" }
    }
}
