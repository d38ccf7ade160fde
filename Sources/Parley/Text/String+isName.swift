extension String {
    /// 1–63 of `a–z`, `0–9` and `-`: what adapters, their kinds and their routes are called.
    package var isName: Bool { self.utf8.count <= 63 && self.isDashedWord }

    /// One or more of `a–z`, `0–9` and `-`.
    ///
    /// Bytes are compared, for it is asked with every request: Swift parses a regex literal anew each time it comes by.
    package var isDashedWord: Bool {
        !self.isEmpty
            && self.utf8.allSatisfy { byte in
                switch byte {
                case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"): true
                default: false
                }
            }
    }
}
