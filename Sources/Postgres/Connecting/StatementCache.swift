/// Names of the statements a session has prepared, by text and types of the parameters; the least recently used go first.
struct StatementCache {
    struct Key: Hashable {
        var text: String
        var types: [UInt32]
    }

    private var entries: [Key: (number: Int, usedAt: Int)] = [:]
    private let capacity: Int
    private var made = 0
    private var clock = 0
    /// Names that the server still knows and nobody will use again.
    private(set) var dropped: [String] = []

    init(capacity: Int) { self.capacity = capacity }

    /// The key's name; a new one must be prepared before it is used.
    mutating func name(for key: Key) -> (name: String, isNew: Bool) {
        self.clock += 1
        if let entry = self.entries[key] {
            self.entries[key] = (entry.number, self.clock)
            return (Self.name(entry.number), false)
        }
        if self.entries.count >= self.capacity, let oldest = self.entries.min(by: { $0.value.usedAt < $1.value.usedAt }) {
            self.drop(oldest.key)
        }
        self.made += 1
        self.entries[key] = (self.made, self.clock)
        return (Self.name(self.made), true)
    }

    /// The server never came to know it.
    mutating func forget(_ key: Key) { self.entries[key] = nil }

    /// The server knows it, but it is not to be used again.
    mutating func drop(_ key: Key) {
        guard let entry = self.entries.removeValue(forKey: key) else { return }
        self.dropped.append(Self.name(entry.number))
    }

    mutating func takeDropped() -> [String] {
        defer { self.dropped = [] }
        return self.dropped
    }

    private static func name(_ number: Int) -> String { "s\(number)" }
}
