import Parley

/// A mail that is coming in. It holds no byte more than it may, and none once it is lost.
struct MailIntake: Sendable {
    private(set) var reader: DataReader
    private var folder = LineFolder()
    private(set) var bytes: [UInt8]
    let traceLength: Int
    /// What the mail is refused with when it ends; its text is read and thrown away until then.
    private(set) var failure: SMTPReply?
    private let limit: Int
    /// Bytes that the client sent.
    private var received = 0
    private let budget: MemoryBudget
    /// Bytes of the budget that are ours.
    private(set) var reserved = 0
    private static let step = 65_536

    /// Nil when the budget is spent.
    ///
    /// - Parameters:
    ///   - trace: the `Received:` header, which stands before what the client sends.
    ///   - limit: bytes, without those of `trace`.
    init?(trace: [UInt8], limit: Int, budget: MemoryBudget, isDotStuffed: Bool) {
        self.reader = DataReader(isDotStuffed: isDotStuffed)
        self.bytes = trace
        self.traceLength = trace.count
        self.limit = limit
        self.budget = budget
        guard self.reserve(trace.count) else { return nil }
    }

    /// - Returns: how many of `input` belong to the mail, when it ends there; nil when all do and it goes on.
    mutating func read(_ input: UnsafeRawBufferPointer) -> Int? {
        var reader = self.reader
        let end = reader.read(input) { self.append($0) }
        self.reader = reader
        if reader.isMalformed { self.fail(.badLineEnd) }
        return end
    }

    /// Says that no more comes.
    mutating func finish() {
        if self.reader.endsInCR { self.fail(.badLineEnd) }
    }

    mutating func fail(_ reply: SMTPReply) {
        guard self.failure == nil else { return }
        self.failure = reply
        self.bytes = []
        self.release()
    }

    /// Gives back what was reserved.
    mutating func release() {
        self.budget.give(self.reserved)
        self.reserved = 0
    }

    private mutating func append(_ text: UnsafeRawBufferPointer) {
        guard self.failure == nil else { return }
        self.received += text.count
        guard self.received <= self.limit else { return self.fail(.tooLarge) }
        let count = self.bytes.count + text.count
        guard self.reserve(count) else { return self.fail(.noRoom) }
        if count > self.bytes.capacity {
            // Folding long lines takes some bytes more than were sent.
            self.bytes.reserveCapacity(min(self.limit + self.limit / 128 + self.traceLength, max(count, 2 * self.bytes.capacity)))
        }
        if text.count == 2, text[0] == .cr {
            self.folder.endLine(in: &self.bytes)
        } else {
            self.folder.append(text, to: &self.bytes)
        }
    }

    private mutating func reserve(_ count: Int) -> Bool {
        guard count > self.reserved else { return true }
        let more = (count - self.reserved + Self.step - 1) / Self.step * Self.step
        guard self.budget.take(more) else { return false }
        self.reserved += more
        return true
    }
}
