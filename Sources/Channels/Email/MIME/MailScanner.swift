/// Counts what a mail holds before any parser builds something of it, in one pass and in constant memory.
///
/// It follows boundaries as a MIME parser does, so that what it lets through is bounded for the parser too. Line ends are LF or CR LF;
/// bytes may come in pieces of any size.
///
/// Source: RFC 2046 section 5.1.
package struct MailScanner {
    /// A multipart that is open, or a message within the message.
    private enum Level {
        case multipart(boundary: [UInt8], isDigest: Bool)
        case message
    }

    private let budget: MailBudget
    private var levels: [Level] = []
    private var parts = 1
    private var allHeaders = 0
    private var bytes = 0
    private var hops = 0
    private var entity = Entity()
    private var isInHeader = true
    /// The beginning of the line that is being read, and how long it is so far.
    private var line: [UInt8] = []
    private var lineLength = 0

    /// The header of the part that is being read.
    private struct Entity {
        var headers = 0
        var field = 0
        var isInDigest = false
        /// The Content-Type field, while it is the one being read, and when it is complete.
        var isContentType = false
        var contentType: [UInt8] = []
        var isEncoding = false
        var encoding: [UInt8] = []
    }

    /// What of a line is looked at: boundaries have 70 characters at most, and some writers never heard of it.
    private static let lineLimit = 1_024
    private static let contentTypeLimit = 8_192

    package init(budget: MailBudget = .standard) { self.budget = budget }

    /// Scans a whole mail.
    package static func check(_ mail: [UInt8], budget: MailBudget = .standard) throws(MailRefusal) {
        var scanner = MailScanner(budget: budget)
        try scanner.feed(mail[...])
        try scanner.finish()
    }

    package mutating func feed(_ piece: ArraySlice<UInt8>) throws(MailRefusal) {
        self.bytes += piece.count
        guard self.bytes <= self.budget.bytes else { throw MailRefusal(.tooLarge) }
        var rest = piece
        while !rest.isEmpty {
            let end = rest.firstIndex(of: 0x0a)
            let text = rest[..<(end ?? rest.endIndex)]
            if self.line.count < Self.lineLimit { self.line.append(contentsOf: text.prefix(Self.lineLimit - self.line.count)) }
            self.lineLength += text.count
            if self.isInHeader, self.entity.field + self.lineLength > self.budget.headerBytes { throw MailRefusal(.headerTooLong) }
            guard let end else { return }
            try self.endLine()
            rest = rest[(end + 1)...]
        }
    }

    package mutating func finish() throws(MailRefusal) { if self.lineLength > 0 { try self.endLine() } }

    private mutating func endLine() throws(MailRefusal) {
        if self.line.last == 0x0d, self.line.count == self.lineLength {
            self.line.removeLast()
            self.lineLength -= 1
        }
        defer {
            self.line.removeAll(keepingCapacity: true)
            self.lineLength = 0
        }
        if self.line.starts(with: [0x2d, 0x2d]), try self.isBoundary() { return }
        if self.isInHeader { try self.headerLine() }
    }

    // MARK: - Headers

    private mutating func headerLine() throws(MailRefusal) {
        guard let first = self.line.first else { return try self.endHeader() }
        if first == 0x20 || first == 0x09 {
            self.entity.field += self.lineLength
            guard self.entity.field <= self.budget.headerBytes else { throw MailRefusal(.headerTooLong) }
            if self.entity.isContentType, self.entity.contentType.count < Self.contentTypeLimit { self.entity.contentType += self.line }
            return
        }
        (self.entity.isContentType, self.entity.isEncoding) = (false, false)
        self.entity.field = self.lineLength
        self.entity.headers += 1
        self.allHeaders += 1
        guard self.entity.headers <= self.budget.headers, self.allHeaders <= self.budget.allHeaders else {
            throw MailRefusal(.tooManyHeaders)
        }
        guard let colon = self.line.firstIndex(of: 0x3a) else { return }
        let name = MailHeaders.name(self.line[..<colon])
        switch name {
        case "received" where self.levels.isEmpty:
            self.hops += 1
            guard self.hops <= self.budget.hops else { throw MailRefusal(.hopCount) }
        case "content-type" where self.entity.contentType.isEmpty:
            self.entity.isContentType = true
            self.entity.contentType = Array(self.line[(colon + 1)...])
        case "content-transfer-encoding" where self.entity.encoding.isEmpty:
            self.entity.encoding = Array(self.line[(colon + 1)...])
        default: break
        }
    }

    private mutating func endHeader() throws(MailRefusal) {
        self.isInHeader = false
        let type = ContentType(self.entity.contentType)
        let isOpaque = ["base64", "quoted-printable"].contains(TransferEncoding.name(of: self.entity.encoding))
        if type?.type == "multipart", let boundary = type?.boundary {
            try self.open(.multipart(boundary: boundary, isDigest: type?.subtype == "digest"))
        } else if type.map({ $0.isMessage }) ?? self.entity.isInDigest, !isOpaque {
            try self.open(.message)
            self.begin(inDigest: false)
        }
    }

    private mutating func open(_ level: Level) throws(MailRefusal) {
        self.levels.append(level)
        guard self.levels.count <= self.budget.depth else { throw MailRefusal(.tooDeep) }
    }

    private mutating func begin(inDigest: Bool) {
        self.entity = Entity()
        self.entity.isInDigest = inDigest
        self.isInHeader = true
    }

    // MARK: - Boundaries

    /// Whether the line is a boundary of a multipart that is open; then parts begin or end.
    private mutating func isBoundary() throws(MailRefusal) -> Bool {
        guard self.lineLength == self.line.count || self.line.count == Self.lineLimit else { return false }
        var text = self.line[2...]
        while let last = text.last, last == 0x20 || last == 0x09 || last == 0x0d { text.removeLast() }
        for index in self.levels.indices.reversed() {
            guard case .multipart(let boundary, let isDigest) = self.levels[index], text.starts(with: boundary) else { continue }
            let rest = text[(text.startIndex + boundary.count)...]
            if rest.isEmpty {
                self.levels.removeSubrange((index + 1)...)
                self.parts += 1
                guard self.parts <= self.budget.parts else { throw MailRefusal(.tooManyParts) }
                self.begin(inDigest: isDigest)
                return true
            }
            if rest.elementsEqual([0x2d, 0x2d]) {
                self.levels.removeSubrange(index...)
                self.isInHeader = false
                return true
            }
        }
        return false
    }
}
