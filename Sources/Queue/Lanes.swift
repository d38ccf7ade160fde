/// The fixed slices of every queue. A key always falls into the same one, so one owner sees all jobs of a key.
package enum Lanes {
    package static let count = 64
    package static let all: Range<Int16> = 0..<Int16(count)

    /// The lane of `key`: FNV-1a, because it is stored, so it may never change with a Swift release or a process.
    package static func lane(of key: String) -> Int16 {
        var hash: UInt64 = 0xcbf2_9ce4_8422_2325
        for byte in key.utf8 { hash = (hash ^ UInt64(byte)) &* 0x100_0000_01b3 }
        return Int16((hash ^ (hash >> 32)) % UInt64(Self.count))
    }
}
