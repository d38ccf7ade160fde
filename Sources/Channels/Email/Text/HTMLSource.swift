/// A page as it came, made fit for the parser in one pass.
///
/// libxml2 compares each attribute of an element with all before it, and reads what only Word understands as text. And a page is read up
/// to a limit, which pictures that stand in it as text must not use up.
enum HTMLSource {
    /// Of one element; those behind them are left out.
    static let attributeLimit = 128
    /// Bytes of one attribute's value. A longer one holds no address and no style that anybody wrote, and is emptied.
    static let valueLimit = 16_384

    /// - Parameter limit: bytes of what is given back.
    static func readable(_ html: some Collection<UInt8>, upTo limit: Int) -> [UInt8] {
        var reader = Reader(Array(html), limit: limit)
        reader.run()
        return reader.output
    }

    private struct Reader {
        let input: [UInt8]
        let limit: Int
        var output: [UInt8] = []
        private var at = 0
        private var isKept = true
        /// No comment that begins behind here ends.
        private var isCommentOpen = false

        init(_ input: [UInt8], limit: Int) {
            (self.input, self.limit) = (input, limit)
            self.output.reserveCapacity(min(input.count, limit))
        }

        mutating func run() {
            while self.at < self.input.count, self.output.count < self.limit {
                guard self.input[self.at] == UInt8(ascii: "<"), self.at + 1 < self.input.count else {
                    self.copy()
                    continue
                }
                switch self.input[self.at + 1] {
                case 0x41...0x5a, 0x61...0x7a: self.tag()
                case UInt8(ascii: "!") where !self.isCommentOpen && self.input[self.at...].starts(with: "<!--".utf8): self.comment()
                // `<![if !supportLists]>`, `<![CDATA[`: HTML has none of it.
                case UInt8(ascii: "!") where self.at + 2 < self.input.count && self.input[self.at + 2] == UInt8(ascii: "["):
                    self.skip(to: UInt8(ascii: ">"))
                default: self.copy()
                }
            }
            if self.output.count > self.limit { self.output.removeSubrange(self.limit...) }
        }

        private mutating func copy() {
            let byte = self.input[self.at]
            if self.isKept { self.output.append(byte == 0 ? UInt8(ascii: " ") : byte) }
            self.at += 1
        }

        /// Says nothing to a reader. One that does not end is the parser's to judge.
        private mutating func comment() {
            var dashes = 0
            for index in (self.at + 2)..<self.input.count {
                let byte = self.input[index]
                if byte == UInt8(ascii: ">"), dashes >= 2 {
                    self.at = index + 1
                    return
                }
                dashes = byte == UInt8(ascii: "-") ? dashes + 1 : 0
            }
            self.isCommentOpen = true
            self.copy()
        }

        private mutating func skip(to end: UInt8) { self.at = (self.input[self.at...].firstIndex(of: end) ?? self.input.count - 1) + 1 }

        /// From `<` to `>`.
        private mutating func tag() {
            var (names, isInName) = (0, true)
            while let byte = self.peek, byte != UInt8(ascii: ">") {
                if byte == UInt8(ascii: "=") {
                    self.copy()
                    self.value()
                    isInName = false
                } else {
                    if Self.isBlank(byte) {
                        isInName = false
                    } else if !isInName {
                        (names, isInName) = (names + 1, true)
                        self.isKept = names <= HTMLSource.attributeLimit
                    }
                    self.copy()
                }
            }
            self.isKept = true
            if self.peek != nil { self.copy() }
        }

        private mutating func value() {
            while let byte = self.peek, Self.isBlank(byte) { self.copy() }
            guard let first = self.peek else { return }
            let start = self.output.count
            if first == UInt8(ascii: "\"") || first == UInt8(ascii: "'") {
                self.copy()
                while let byte = self.peek, byte != first { self.copy() }
                if self.output.count - start > HTMLSource.valueLimit { self.output.removeSubrange((start + 1)...) }
                if self.peek != nil { self.copy() }
            } else {
                while let byte = self.peek, !Self.isBlank(byte), byte != UInt8(ascii: ">") { self.copy() }
                if self.output.count - start > HTMLSource.valueLimit { self.output.removeSubrange(start...) }
            }
        }

        private var peek: UInt8? { self.at < self.input.count ? self.input[self.at] : nil }
        private var next: UInt8? { self.at + 1 < self.input.count ? self.input[self.at + 1] : nil }
        private static func isBlank(_ byte: UInt8) -> Bool { byte == 0x20 || 0x09...0x0d ~= byte && byte != 0x0b || byte == 0x2f }
    }
}
