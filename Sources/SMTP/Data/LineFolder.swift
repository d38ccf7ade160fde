/// Breaks lines that are longer than those of a mail may be, as they come in: what reads the mail later may rely on it (B81).
///
/// A line of the header goes on behind white space, which changes nothing (RFC 5322 section 2.2.3). A line of the body is broken after
/// a blank where it has one, and never within a character.
///
/// Source: RFC 5321 section 4.5.3.1.6.
struct LineFolder: Sendable {
    /// Octets without CR LF.
    static let limit = 998
    private var isHeader = true
    /// Of the line that is coming in.
    private var length = 0

    mutating func endLine(in bytes: inout [UInt8]) {
        if self.length == 0 { self.isHeader = false }
        self.length = 0
        bytes += [.cr, .lf]
    }

    /// - Parameter text: without line ends.
    mutating func append(_ text: UnsafeRawBufferPointer, to bytes: inout [UInt8]) {
        var rest = text
        while self.length + rest.count > Self.limit {
            let room = Self.limit - self.length
            bytes += UnsafeRawBufferPointer(rebasing: rest[..<room])
            rest = UnsafeRawBufferPointer(rebasing: rest[room...])
            self.length = self.fold(&bytes, next: rest[0])
        }
        bytes += rest
        self.length += rest.count
    }

    /// Breaks the line at the end of `bytes`, which is as long as a line may be and goes on with `next`.
    ///
    /// - Returns: the length of the line that has begun.
    private func fold(_ bytes: inout [UInt8], next: UInt8) -> Int {
        // Not too early, or a line would be broken for each of its words.
        let late = bytes.count - Self.limit / 2
        let blank = bytes[late...].lastIndex { $0 == UInt8(ascii: " ") || $0 == UInt8(ascii: "\t") }
        var place = blank.map { self.isHeader ? $0 : $0 + 1 }
        if place == nil {
            place = bytes.count
            if next & 0xc0 == 0x80 { place = bytes[(bytes.count - 3)...].lastIndex { $0 & 0xc0 == 0xc0 } }
        }
        let cut = place ?? bytes.count
        bytes.insert(contentsOf: self.isHeader && blank == nil ? [.cr, .lf, UInt8(ascii: " ")] : [.cr, .lf], at: cut)
        return bytes.count - cut - 2
    }
}
