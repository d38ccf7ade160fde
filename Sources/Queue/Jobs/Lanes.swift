import Postgres

/// The fixed slices of every queue. A key always falls into the same one, so one owner sees all jobs of a key.
package enum Lanes {
    package static let count = 64
    package static let all: Range<Int16> = 0..<Int16(count)

    /// The lane of `key`. It is stored, so it may never change.
    package static func lane(of key: String) -> Int16 {
        let hash = StableHash.of(key)
        return Int16((hash ^ (hash >> 32)) % UInt64(Self.count))
    }
}
