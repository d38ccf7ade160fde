/// What came in and was not looked at yet.
struct CommandBuffer: Sendable {
    enum Line: Equatable {
        /// Without CR LF.
        case whole([UInt8])
        case tooLong
        /// It ended in LF alone, or a CR stood in it.
        case badEnd
    }
    private var bytes: [UInt8] = []
    private var start = 0
    /// The beginning of a line that is too long was dropped, so its end must be.
    private var isSkipping = false
    /// Where the search for the end of the line goes on.
    private var searched = 0

    var count: Int { self.bytes.count - self.start }
    /// Nothing has come, not even the beginning of a line.
    var isEmpty: Bool { self.count == 0 && !self.isSkipping }

    mutating func append(_ more: some Sequence<UInt8>) {
        if self.start == self.bytes.count { self.clear() }
        self.bytes.append(contentsOf: more)
    }

    /// The next line; nil when it has not ended yet.
    ///
    /// - Parameter limit: bytes with CR LF.
    mutating func nextLine(upTo limit: Int) -> Line? {
        guard let end = self.bytes[max(self.start, self.searched)...].firstIndex(of: .lf) else {
            self.searched = self.bytes.count
            if self.isSkipping || self.count > limit {
                self.isSkipping = true
                self.clear()
            }
            return nil
        }
        defer {
            self.isSkipping = false
            self.drop(end + 1 - self.start)
        }
        guard !self.isSkipping, end + 1 - self.start <= limit else { return .tooLong }
        guard end > self.start, self.bytes[end - 1] == .cr else { return .badEnd }
        let line = self.bytes[self.start..<end - 1]
        return line.contains(.cr) ? .badEnd : .whole(Array(line))
    }

    func withBytes<R>(_ body: (UnsafeRawBufferPointer) -> R) -> R {
        self.bytes.withUnsafeBytes { body(UnsafeRawBufferPointer(rebasing: $0[self.start...])) }
    }

    mutating func drop(_ count: Int) {
        self.start += count
        self.searched = self.start
        if self.start == self.bytes.count { self.clear() }
    }

    private mutating func clear() {
        self.bytes.removeAll(keepingCapacity: true)
        self.start = 0
        self.searched = 0
    }
}
