import NIOCore

/// What the framing must know of a request's head, checked byte by byte.
struct RequestHead {
    enum Length: Hashable { case none, bytes(Int), chunked }
    /// Nil before it is read.
    private(set) var line: RequestLine?
    private(set) var length = Length.none
    private(set) var expectsContinue = false
    /// The caller wants the connection closed after the answer, or is too old to say otherwise.
    private(set) var closes = false
    /// The most its body may have, by its target.
    private(set) var bodyLimit = 0
    /// The target takes files.
    private(set) var isUpload = false

    static let headersTooLarge = Problem(431, "headers_too_large", "Request header fields too large")

    init() {}

    /// - Parameter bytes: a whole head, each line ending in CR LF, the empty one included.
    init(parsing bytes: ByteBufferView, limits: HTTPLimits) throws(Problem) {
        var lines = bytes.dropLast(4).split(separator: 10, omittingEmptySubsequences: false).map { line in
            line.last == 13 ? line.dropLast() : line
        }[...]
        let requestLine = lines.removeFirst()
        let line = try RequestLine(parsing: requestLine, limits: limits)
        guard lines.count <= limits.headerCount else { throw Self.headersTooLarge }
        guard bytes.count - requestLine.count <= limits.headerSection + 4 else { throw Self.headersTooLarge }

        self.line = line
        let (isOld, upload) = (line.isOld, limits.upload(line.target))
        self.bodyLimit = upload ?? limits.body
        self.isUpload = upload != nil
        self.closes = isOld
        var hosts = 0
        for line in lines {
            guard line.count <= limits.headerLine else { throw Self.headersTooLarge }
            let (name, value) = try Self.field(line)
            switch name {
            case "host": hosts += 1
            case "content-length": try self.setLength(.bytes(Self.decimal(value)))
            case "transfer-encoding":
                guard value.lowercased() == "chunked", !isOld else { throw .badRequest("Transfer-Encoding may only be chunked.") }
                try self.setLength(.chunked)
            case "expect": self.expectsContinue = value.lowercased() == "100-continue"
            case "connection":
                let tokens = value.lowercased().split(separator: ",").map { $0.trimmingPrefix { $0 == " " } }
                if tokens.contains(where: { $0.hasPrefix("close") }) { self.closes = true }
                if isOld, tokens.contains(where: { $0.hasPrefix("keep-alive") }) { self.closes = false }
            default: break
            }
        }
        guard hosts == 1 || (isOld && hosts == 0) else { throw .badRequest("A request names exactly one Host.") }
    }

    /// A second length, of either kind, is how requests are smuggled: never guess which one a proxy believed.
    private mutating func setLength(_ length: Length) throws(Problem) {
        guard self.length == .none else { throw .badRequest("The request gives its length twice.") }
        self.length = length
    }

    private static func field(_ line: ByteBufferView) throws(Problem) -> (name: String, value: String) {
        guard let first = line.first, first != 0x20, first != 9 else { throw .badRequest("A header is folded over lines.") }
        guard let colon = line.firstIndex(of: UInt8(ascii: ":")), colon > line.startIndex,
            line[line.startIndex..<colon].allSatisfy(self.isTokenByte)
        else { throw .badRequest("A header's name is malformed.") }
        let value = line[(colon + 1)...]
        guard value.allSatisfy({ ($0 >= 0x20 && $0 != 0x7f) || $0 == 9 }) else { throw .badRequest("A header holds a control character.") }
        let trimmed = value.drop { $0 == 0x20 || $0 == 9 }
        let end = trimmed.lastIndex { $0 != 0x20 && $0 != 9 }
        let name = String(decoding: line[line.startIndex..<colon], as: UTF8.self).lowercased()
        return (name, end.map { String(decoding: trimmed[trimmed.startIndex...$0], as: UTF8.self) } ?? "")
    }

    private static func decimal(_ text: String) throws(Problem) -> Int {
        guard 1...18 ~= text.utf8.count, text.utf8.allSatisfy({ 0x30...0x39 ~= $0 }), let value = Int(text) else {
            throw .badRequest("Content-Length is no number.")
        }
        return value
    }

    static func isTokenByte(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"), UInt8(ascii: "0")...UInt8(ascii: "9"): true
        default: "!#$%&'*+-.^_`|~".utf8.contains(byte)
        }
    }
}
