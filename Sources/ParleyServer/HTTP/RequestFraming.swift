import NIOCore

/// Where one request ends and the next begins, read the one strict way, so that no proxy before us can read it another.
///
/// What the HTTP decoder would forgive is refused: two lengths, folded lines, bare line feeds, odd chunk sizes.
///
/// Source: RFC 9112 sections 2.2, 3, 5, 6, 7.1 and 11.2 (request smuggling).
struct RequestFraming {
    enum State: Hashable {
        case head
        case body(remaining: Int)
        case chunkSize
        case chunk(remaining: Int)
        case chunkEnd
        case lastChunkEnd
        /// The request is whole; `next()` begins another.
        case complete
    }

    private(set) var state = State.head
    private(set) var head = RequestHead()
    private var scanned = 0  // bytes of the head known to hold no end of head
    private var bodyBytes = 0
    let limits: HTTPLimits

    init(limits: HTTPLimits) { self.limits = limits }

    mutating func next() { self = RequestFraming(limits: self.limits) }

    /// How many bytes from the front of `bytes` belong to this request and are sound; 0 when more must come first.
    mutating func advance(over bytes: ByteBufferView) throws(Problem) -> Int {
        var used = 0
        while self.state != .complete, used < bytes.count {
            let step = try self.step(bytes[(bytes.startIndex + used)...])
            if step == 0 { break }
            used += step
        }
        return used
    }

    /// The path this request asks for; nil where not even its first line is sound.
    ///
    /// - Parameter bytes: what `advance` has not used.
    func path(before bytes: ByteBufferView) -> String? {
        if let line = self.head.line { return line.path }
        guard let end = bytes.firstIndex(of: 13) else { return nil }
        return (try? RequestLine(parsing: bytes[bytes.startIndex..<end], limits: self.limits))?.path
    }

    private mutating func step(_ bytes: ByteBufferView) throws(Problem) -> Int {
        switch self.state {
        case .head: return try self.readHead(bytes)
        case .body(let remaining):
            let taken = min(remaining, bytes.count)
            self.state = taken == remaining ? .complete : .body(remaining: remaining - taken)
            return taken
        case .chunkSize: return try self.readChunkSize(bytes)
        case .chunk(let remaining):
            let taken = min(remaining, bytes.count)
            self.state = taken == remaining ? .chunkEnd : .chunk(remaining: remaining - taken)
            return taken
        case .chunkEnd, .lastChunkEnd:
            guard bytes.count >= 2 else { return 0 }
            guard bytes.starts(with: [13, 10]) else { throw .badRequest("A chunk does not end with CR LF, or a trailer follows it.") }
            self.state = self.state == .chunkEnd ? .chunkSize : .complete
            return 2
        case .complete: return 0
        }
    }

    private mutating func readHead(_ bytes: ByteBufferView) throws(Problem) -> Int {
        guard let end = try self.endOfHead(bytes) else { return 0 }
        self.head = try RequestHead(parsing: bytes[bytes.startIndex..<end], limits: self.limits)
        switch self.head.length {
        case .none: self.state = .complete
        case .bytes(let count):
            guard count <= self.head.bodyLimit else { throw .bodyTooLarge }
            self.state = count == 0 ? .complete : .body(remaining: count)
        case .chunked: self.state = .chunkSize
        }
        return end - bytes.startIndex
    }

    /// The index behind CR LF CR LF. Every line feed on the way must follow a carriage return, and the other way round.
    private mutating func endOfHead(_ bytes: ByteBufferView) throws(Problem) -> Int? {
        var index = bytes.startIndex + self.scanned
        while index < bytes.endIndex {
            if bytes[index] == 10 {
                guard index > bytes.startIndex, bytes[index - 1] == 13 else { throw .badRequest("A line ends without CR LF.") }
                if index >= bytes.startIndex + 3, bytes[index - 2] == 10 { return index + 1 }
            } else if index > bytes.startIndex, bytes[index - 1] == 13 {
                throw .badRequest("A carriage return stands alone.")
            }
            index += 1
        }
        self.scanned = bytes.count
        // Too long already, whatever may follow: refuse before reading on.
        let firstLine = bytes.firstIndex(of: 10).map { $0 - bytes.startIndex }
        if firstLine == nil, bytes.count > self.limits.requestTarget + 64 { throw RequestLine.targetTooLong }
        if let firstLine, bytes.count - firstLine > self.limits.headerSection { throw RequestHead.headersTooLarge }
        if firstLine != nil, let lastLine = bytes.lastIndex(of: 10), bytes.endIndex - lastLine > self.limits.headerLine {
            throw RequestHead.headersTooLarge
        }
        return nil
    }

    private mutating func readChunkSize(_ bytes: ByteBufferView) throws(Problem) -> Int {
        let window = bytes.prefix(256)
        guard let end = window.firstIndex(of: 10) else {
            guard window.count < 256 else { throw .badRequest("A chunk size is too long.") }
            return 0
        }
        let line = window[window.startIndex..<end]
        guard line.last == 13 else { throw .badRequest("A chunk size ends without CR LF.") }
        let digits = line.prefix { $0 != UInt8(ascii: ";") && $0 != 13 }
        let isPlain = line.dropLast().allSatisfy { ($0 >= 0x20 && $0 != 0x7f) || $0 == 9 }
        guard isPlain, 1...8 ~= digits.count, digits.allSatisfy({ Character(Unicode.Scalar($0)).isHexDigit }),
            let size = Int(String(decoding: digits, as: UTF8.self), radix: 16)
        else { throw .badRequest("A chunk size is no number.") }
        self.bodyBytes += size
        guard self.bodyBytes <= self.head.bodyLimit else { throw .bodyTooLarge }
        self.state = size == 0 ? .lastChunkEnd : .chunk(remaining: size)
        return end + 1 - bytes.startIndex
    }
}
