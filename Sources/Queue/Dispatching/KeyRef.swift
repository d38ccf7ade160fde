/// A key within its lane.
///
/// Equal byte for byte, as in the table: Swift's texts are equal too when an accent is written in another way, and then the jobs of one key
/// would be taken for those of the other.
struct KeyRef: Hashable, Sendable {
    let lane: Int16
    let key: String

    static func == (one: KeyRef, other: KeyRef) -> Bool { one.lane == other.lane && one.key.utf8.elementsEqual(other.key.utf8) }

    func hash(into hasher: inout Hasher) {
        hasher.combine(self.lane)
        var key = self.key
        key.withUTF8 { hasher.combine(bytes: UnsafeRawBufferPointer($0)) }
    }
}

extension Job {
    var reference: KeyRef { KeyRef(lane: self.lane, key: self.key) }
}
