/// FNV-1a with 64 bits: for what is stored, where Swift's own hash, which is another in each process, will not do. No protection from anybody.
///
/// Source: draft-eastlake-fnv, section 2.
package enum StableHash {
    package static func of(_ text: some StringProtocol) -> UInt64 {
        text.utf8.reduce(0xcbf2_9ce4_8422_2325) { ($0 ^ UInt64($1)) &* 0x100_0000_01b3 }
    }
}
