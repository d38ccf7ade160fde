internal import CGMime

/// How a part's bytes were made fit for the way; undone by GMime.
///
/// Source: RFC 2045 section 6.
enum TransferEncoding {
    /// The first word of the field in lower case, without comments; `7bit` when there is none.
    static func name(of field: some Collection<UInt8>) -> String {
        let words = HeaderText.withoutComments(Array(field)).split { $0 == 0x20 || $0 == 0x09 || $0 == 0x3b || $0 == 0x22 }
        return words.first.map { MailHeaders.name($0) } ?? "7bit"
    }

    static func decode(_ bytes: [UInt8], as name: String) -> [UInt8] {
        switch name {
        case "base64": self.base64(bytes)
        case "quoted-printable": self.run(self.withoutLineBlanks(bytes)[...], GMIME_CONTENT_ENCODING_QUOTEDPRINTABLE)
        case "x-uuencode", "uuencode", "x-uue", "x-uu": self.uuencoded(bytes)
        default: bytes
        }
    }

    /// Blanks at the end of a line were put there on the way. Source: RFC 2045 section 6.7, rule 3.
    private static func withoutLineBlanks(_ bytes: [UInt8]) -> [UInt8] {
        var output: [UInt8] = []
        output.reserveCapacity(bytes.count)
        var blanks = 0
        for byte in bytes {
            if byte == 0x0a || byte == 0x0d { output.removeLast(blanks) }
            blanks = byte == 0x20 || byte == 0x09 ? blanks + 1 : 0
            output.append(byte)
        }
        return output
    }

    /// Between `begin 644 name` and `end`.
    private static func uuencoded(_ bytes: [UInt8]) -> [UInt8] {
        let lines = bytes.split(separator: 0x0a, omittingEmptySubsequences: false)
        let start = lines.firstIndex { $0.starts(with: "begin ".utf8) }.map { $0 + 1 } ?? 0
        let end = lines[start...].firstIndex { $0.starts(with: "end".utf8) && $0.count <= 4 } ?? lines.count
        return lines[start..<end].reduce(into: []) { output, line in
            guard let first = line.first, 0x20...0x60 ~= first else { return }
            let count = Int(first - 0x20) & 63
            var digits: [UInt8] = line.dropFirst().prefix { $0 > 0x1f }.map { ($0 &- 0x20) & 63 }
            let groups = (count + 2) / 3
            digits += [UInt8](repeating: 0, count: max(0, groups * 4 - digits.count))
            var bytes: [UInt8] = []
            for group in 0..<groups {
                let (a, b, c, d) = (digits[group * 4], digits[group * 4 + 1], digits[group * 4 + 2], digits[group * 4 + 3])
                bytes += [a << 2 | b >> 4, b << 4 | c >> 2, c << 6 | d]
            }
            output += bytes.prefix(count)
        }
    }

    /// A list's footer stands behind an empty line and has blanks in it, as no line of base64 has.
    private static func withoutFooter(_ bytes: [UInt8]) -> [UInt8] {
        var wasEmpty = false
        for line in bytes.split(separator: 0x0a, omittingEmptySubsequences: false) {
            let text = line.last == 0x0d ? line.dropLast() : line
            if wasEmpty, text.contains(where: { !self.isBase64($0) || $0 == 0x20 }) { return Array(bytes[..<line.startIndex]) }
            wasEmpty = text.isEmpty
        }
        return bytes
    }

    /// Some programs say base64 of text as it stands: its first line has blanks between words, and it has signs that base64 has not.
    private static func isProse(_ bytes: [UInt8]) -> Bool {
        let first = bytes.drop { $0 <= 0x20 }.prefix { $0 != 0x0a && $0 != 0x0d }
        let words = first.split { $0 == 0x20 || $0 == 0x09 }
        return words.count > 1 && !bytes.allSatisfy(self.isBase64)
    }

    /// Padding ends a base64 text. Behind it may be more of the same, cut wrongly, or a footer that a list added, which is none of it.
    private static func base64(_ bytes: [UInt8]) -> [UInt8] {
        guard !self.isProse(bytes) else { return bytes }
        let bytes = self.withoutFooter(bytes)
        guard let padding = bytes.firstIndex(of: 0x3d), bytes[padding...].allSatisfy(self.isBase64) else {
            return self.run(bytes.prefix { $0 != 0x3d }, GMIME_CONTENT_ENCODING_BASE64, padded: true)
        }
        return bytes.split(separator: 0x3d).reduce(into: []) { $0 += self.run($1, GMIME_CONTENT_ENCODING_BASE64, padded: true) }
    }

    private static func isBase64(_ byte: UInt8) -> Bool {
        switch byte {
        case 0x41...0x5a, 0x61...0x7a, 0x30...0x39, 0x2b, 0x2f, 0x3d, 0x0a, 0x0d, 0x20, 0x09: true
        default: false
        }
    }

    /// - Parameter padded: adds the padding that GMime waits for before it gives the last bytes.
    private static func run(_ bytes: ArraySlice<UInt8>, _ encoding: GMimeContentEncoding, padded: Bool = false) -> [UInt8] {
        var input = Array(bytes)
        if padded {
            let digits = input.lazy.filter { self.isBase64($0) && $0 > 0x20 }.count
            input += [UInt8](repeating: 0x3d, count: [0, 0, 2, 1][digits % 4])
        }
        guard !input.isEmpty else { return [] }
        var state = GMimeEncoding()
        g_mime_encoding_init_decode(&state, encoding)
        let room = g_mime_encoding_outlen(&state, input.count) + 64
        return input.withUnsafeBufferPointer { input in
            input.withMemoryRebound(to: CChar.self) { input in
                [UInt8](unsafeUninitializedCapacity: Int(room)) { buffer, count in
                    count = buffer.withMemoryRebound(to: CChar.self) { output in
                        Int(g_mime_encoding_flush(&state, input.baseAddress, input.count, output.baseAddress))
                    }
                }
            }
        }
    }
}
