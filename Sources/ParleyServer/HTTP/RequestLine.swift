import NIOCore

/// What a request asks for: method, target and version, checked byte by byte.
struct RequestLine {
    /// A path, perhaps with a query, still percent-encoded.
    let target: String
    /// HTTP/1.0: the caller knows neither chunks nor connections that stay.
    let isOld: Bool

    var path: String { String(self.target.prefix { $0 != "?" }) }

    static let targetTooLong = Problem(414, "uri_too_long", "URI too long")

    /// - Parameter line: without its CR LF.
    init(parsing line: ByteBufferView, limits: HTTPLimits) throws(Problem) {
        let words = line.split(separator: 0x20, omittingEmptySubsequences: false)
        guard words.count == 3, 1...32 ~= words[0].count, words[0].allSatisfy(RequestHead.isTokenByte) else {
            throw .badRequest("The request line is not METHOD, target and version.")
        }
        guard words[1].count <= limits.requestTarget else { throw Self.targetTooLong }
        guard words[1].first == UInt8(ascii: "/"), words[1].allSatisfy({ 0x21...0x7e ~= $0 }) else {
            throw .badRequest("The request target is no path.")
        }
        switch String(decoding: words[2], as: UTF8.self) {
        case "HTTP/1.1": self.isOld = false
        case "HTTP/1.0": self.isOld = true
        default: throw .badRequest("The version is not HTTP/1.1.")
        }
        self.target = String(decoding: words[1], as: UTF8.self)
    }
}
