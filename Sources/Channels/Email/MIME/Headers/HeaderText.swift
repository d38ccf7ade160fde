/// The text of header fields: encoded words, and what programs write instead of them.
///
/// Source: RFC 2047; RFC 2231 section 5 for the language after the charset.
package enum HeaderText {
    /// What the encoded words of one field may decode to (B94).
    static let limit = 65_536

    /// As a reader sees it: in one line, white space runs as one blank, no control characters.
    ///
    /// - Parameter label: the charset of the mail's text, which bare bytes in its header mostly are of, too.
    package static func decode(_ value: some Collection<UInt8>, label: String? = nil) -> String {
        self.oneLine(self.words(Array(value), label))
    }

    static func decode(_ text: some StringProtocol) -> String { self.decode(Array(text.utf8)) }

    /// White space runs as one blank, none around; control characters and those that turn the direction of what follows are left out.
    static func oneLine(_ text: String) -> String {
        var output = String.UnicodeScalarView()
        var blank = false
        for scalar in text.unicodeScalars {
            switch scalar.value {
            case 0x20, 0x09, 0x0a, 0x0b, 0x0c, 0x0d, 0x85, 0x2028, 0x2029: blank = true
            case 0..<0x20, 0x7f..<0xa0, 0x202a...0x202e, 0x2066...0x2069: continue
            default:
                if blank, !output.isEmpty { output.append(" ") }
                blank = false
                output.append(scalar)
            }
        }
        return String(output)
    }

    /// Bytes outside of parentheses; quoted strings are kept whole.
    static func withoutComments(_ value: [UInt8]) -> [UInt8] {
        guard value.contains(0x28) else { return value }
        var output: [UInt8] = []
        var depth = 0
        var isQuoted = false
        var isEscaped = false
        for byte in value {
            defer { isEscaped = !isEscaped && byte == 0x5c }
            if isEscaped {
                if depth == 0 { output.append(byte) }
                continue
            }
            switch byte {
            case 0x22 where depth == 0: isQuoted.toggle()
            case 0x28 where !isQuoted:
                depth += 1
                continue
            case 0x29 where !isQuoted && depth > 0:
                depth -= 1
                output.append(0x20)
                continue
            default: break
            }
            if depth == 0 { output.append(byte) }
        }
        return output
    }

    /// What stands before a field's parameters, without comments; and the parameters as they came, with their `;`.
    static func value(of field: [UInt8]) -> (value: [UInt8], parameters: ArraySlice<UInt8>) {
        var (depth, end) = (0, field.endIndex)
        for (index, byte) in field.enumerated() {
            if byte == 0x28 { depth += 1 }
            if byte == 0x29 { depth = max(0, depth - 1) }
            guard byte == 0x3b, depth == 0 else { continue }
            end = index
            break
        }
        return (self.withoutComments(Array(field[..<end])), field[end...])
    }

    // MARK: - Encoded words

    /// One `=?charset?encoding?text?=`.
    private struct Word {
        var charset: String
        var bytes: [UInt8]
        var end: Int
    }

    /// Words of one charset that stand beside each other are joined before they are read: programs cut characters in two.
    private static func words(_ value: [UInt8], _ label: String?) -> String {
        var output = ""
        var plain: [UInt8] = []
        var open: (charset: String, bytes: [UInt8])?
        var decoded = 0
        var at = 0
        func closeWord() {
            if let word = open { output += Charset.text(word.bytes, label: word.charset) }
            open = nil
        }
        while at < value.count {
            if value[at] == 0x3d, decoded < self.limit, let word = self.word(value, at: at) {
                let isBeside = open != nil && plain.allSatisfy { $0 == 0x20 || $0 == 0x09 || $0 == 0x0d || $0 == 0x0a }
                if !isBeside || open?.charset != word.charset { closeWord() }
                if !isBeside { output += Charset.unlabelled(plain, else: label) }
                plain.removeAll()
                let room = self.limit - decoded
                decoded += word.bytes.count
                if open == nil { open = (word.charset, []) }
                open?.bytes += word.bytes.prefix(room)
                at = word.end
            } else {
                if value[at] > 0x20 { closeWord() }
                plain.append(value[at])
                at += 1
            }
        }
        closeWord()
        return output + Charset.unlabelled(plain, else: label)
    }

    private static func word(_ value: [UInt8], at start: Int) -> Word? {
        guard start + 8 <= value.count, value[start + 1] == 0x3f else { return nil }
        let mark: UInt8 = 0x3f
        let limit = min(value.count, start + 80)
        guard let afterCharset = value[(start + 2)..<limit].firstIndex(of: mark), afterCharset > start + 2, afterCharset + 3 < value.count,
            value[afterCharset + 2] == mark
        else { return nil }
        let charset = MailHeaders.name(value[(start + 2)..<afterCharset].prefix { $0 != 0x2a })
        let textStart = afterCharset + 3
        var end = textStart
        // A word has 75 characters by the standard; programs write whole lines.
        while end + 1 < value.count, !(value[end] == mark && value[end + 1] == 0x3d) {
            guard end - textStart < 4_096, value[end] != mark || value[afterCharset + 1] | 0x20 == 0x71 else { return nil }
            end += 1
        }
        guard end + 1 < value.count else { return nil }
        let text = Array(value[textStart..<end])
        switch value[afterCharset + 1] {
        case 0x42, 0x62: return Word(charset: charset, bytes: TransferEncoding.decode(text, as: "base64"), end: end + 2)
        case 0x51, 0x71: return Word(charset: charset, bytes: self.quoted(text), end: end + 2)
        default: return nil
        }
    }

    /// `_` is a blank, `=C3` a byte; what is neither stands for itself.
    private static func quoted(_ text: [UInt8]) -> [UInt8] {
        var bytes: [UInt8] = []
        var at = 0
        while at < text.count {
            if text[at] == 0x3d, at + 2 < text.count, let high = Hex.digit(text[at + 1]), let low = Hex.digit(text[at + 2]) {
                bytes.append(high << 4 | low)
                at += 3
            } else {
                bytes.append(text[at] == 0x5f ? 0x20 : text[at])
                at += 1
            }
        }
        return bytes
    }
}
