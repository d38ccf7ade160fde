/// Collects an answer as it arrives, up to a limit.
struct AnswerReader {
    /// Bytes of body; one more ends the transfer.
    var limit = 0
    private(set) var headers: [String: String] = [:]
    private(set) var body: [UInt8] = []
    private(set) var isTooLarge = false
    /// Whether the empty line that ends a head has come: libcurl takes a head that is cut off for a whole one.
    private(set) var hasWholeHead = false
    private var headBytes = 0

    /// What a head may hold, all lines together.
    private static let headLimit = 64 * 1024

    /// - Returns: how many bytes were taken; libcurl ends the transfer when that is not all.
    mutating func take(body bytes: UnsafeRawBufferPointer) -> Int {
        guard self.body.count + bytes.count <= self.limit else {
            self.isTooLarge = true
            return self.refusal(of: bytes)
        }
        self.body.append(contentsOf: bytes)
        return bytes.count
    }

    /// Takes one line of a head. A new status line starts over (`100 Continue` comes first); trailers are left out.
    mutating func take(header bytes: UnsafeRawBufferPointer) -> Int {
        self.headBytes += bytes.count
        guard self.headBytes <= Self.headLimit else {
            self.isTooLarge = true
            return self.refusal(of: bytes)
        }
        let line = String(decoding: bytes, as: UTF8.self).trimmingSuffix { $0.isNewline }
        if line.hasPrefix("HTTP/") {
            self.headers = [:]
            self.hasWholeHead = false
        } else if line.isEmpty {
            self.hasWholeHead = true
        } else if !self.hasWholeHead, let colon = line.firstIndex(of: ":") {
            let name = line[..<colon].lowercased()
            let value = line[line.index(after: colon)...].trimmingPrefix { $0.isWhitespace }.trimmingSuffix { $0.isWhitespace }
            self.headers[name] = self.headers[name].map { "\($0), \(value)" } ?? String(value)
        }
        return bytes.count
    }

    private func refusal(of bytes: UnsafeRawBufferPointer) -> Int { bytes.isEmpty ? 1 : 0 }
}

extension StringProtocol {
    fileprivate func trimmingSuffix(while condition: (Character) -> Bool) -> SubSequence {
        guard let last = self.lastIndex(where: { !condition($0) }) else { return self[self.startIndex..<self.startIndex] }
        return self[...last]
    }
}
