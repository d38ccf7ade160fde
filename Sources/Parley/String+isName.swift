extension String {
    /// 1–63 of `a–z`, `0–9` and `-`: what adapters, their kinds and their routes are called.
    ///
    /// Bytes are compared, for it is asked with every request: Swift parses a regex literal anew each time it comes by.
    package var isName: Bool {
        1...63 ~= self.utf8.count
            && self.utf8.allSatisfy { byte in
                switch byte {
                case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"): true
                default: false
                }
            }
    }
}
