import Foundation

/// Bytes as text, by the label they came with, as browsers read labels; always valid, without NUL, whatever the bytes are.
///
/// Source: the Encoding Standard (encoding.spec.whatwg.org); what it gives up for the web but mail still has (UTF-7, ISO-2022-KR) is read.
package enum Charset {
    /// - Parameter label: as the mail wrote it; an unknown one, and one that only promises ASCII, are no help: see `unlabelled`.
    package static func text(_ bytes: [UInt8], label: String?) -> String {
        if bytes.starts(with: [0xef, 0xbb, 0xbf]) { return self.utf8(bytes.dropFirst(3)) }
        guard let charset = label.flatMap(CharsetLabels.charset) else { return self.unlabelled(bytes) }
        switch charset {
        case "UTF-8": return self.utf8(bytes)
        case "ASCII": return self.unlabelled(bytes)
        // What happens to be UTF-8 is: no words of the West do by chance.
        case "CP1252": return String(validating: bytes, as: UTF8.self).map(self.clean) ?? self.latin(bytes)
        case "UTF-16": return self.utf16(bytes, isBig: nil)
        case "UTF-16LE": return self.utf16(bytes, isBig: false)
        case "UTF-16BE": return self.utf16(bytes, isBig: true)
        case "ISO-2022-JP-3": return self.japanese(bytes)
        default: return self.clean(Iconv.text(bytes, from: charset) ?? self.unlabelled(bytes))
        }
    }

    /// Bytes that came without a label: UTF-8 where they are, else Japanese by its shifts, else `label`, else windows-1252.
    package static func unlabelled(_ bytes: [UInt8], else label: String? = nil) -> String {
        if bytes.starts(with: [0xff, 0xfe]) || bytes.starts(with: [0xfe, 0xff]) { return self.utf16(bytes, isBig: nil) }
        if let text = String(validating: bytes, as: UTF8.self) {
            let isShifted = bytes.contains(0x1b) && (text.contains("\u{1b}$B") || text.contains("\u{1b}$@"))
            return isShifted ? self.text(bytes, label: "iso-2022-jp") : self.clean(text)
        }
        if let label, let charset = CharsetLabels.charset(label), !["ASCII", "UTF-8"].contains(charset), !charset.hasPrefix("UTF-16") {
            return self.text(bytes, label: label)
        }
        return self.latin(bytes)
    }

    /// A page, which may name its charset itself where the mail does not.
    package static func html(_ bytes: [UInt8], label: String?) -> String {
        if let named = label.flatMap(CharsetLabels.charset), named != "ASCII" { return self.text(bytes, label: label) }
        let start = String(decoding: bytes.prefix(2_048), as: UTF8.self)
        let own =
            start.firstMatch(of: /(?i)<meta[^>]{0,200}charset\s*=\s*["']?\s*([a-z0-9._:-]{1,40})/).map { String($0.1) }
            ?? start.firstMatch(of: /(?i)^\s*<\?xml[^>]{0,200}encoding\s*=\s*["']([a-z0-9._:-]{1,40})/).map { String($0.1) }
        // Whoever could read the word had no UTF-16 before them.
        let isWide = own.flatMap(CharsetLabels.charset)?.hasPrefix("UTF-16") == true
        return self.text(bytes, label: isWide ? "utf-8" : own ?? label)
    }

    private static func utf8(_ bytes: some Collection<UInt8>) -> String { self.clean(String(decoding: bytes, as: UTF8.self)) }

    private static func utf16(_ bytes: [UInt8], isBig: Bool?) -> String {
        var rest = bytes[...]
        var order = isBig
        if rest.starts(with: [0xff, 0xfe]) {
            (order, rest) = (false, rest.dropFirst(2))
        } else if rest.starts(with: [0xfe, 0xff]) {
            (order, rest) = (true, rest.dropFirst(2))
        } else if order == nil {
            // Without a mark: where the empty halves of the ASCII characters stand.
            let sample = Array(rest.prefix(256))
            let even = stride(from: 0, to: sample.count, by: 2).count { sample[$0] == 0 }
            let odd = stride(from: 1, to: sample.count, by: 2).count { sample[$0] == 0 }
            order = even > odd
        }
        let big = order ?? false
        let units = stride(from: rest.startIndex, to: rest.endIndex - 1, by: 2).map { at -> UInt16 in
            let (first, second) = (UInt16(rest[at]), UInt16(rest[at + 1]))
            return big ? first << 8 | second : second << 8 | first
        }
        return self.clean(String(decoding: units, as: UTF16.self))
    }

    /// ISO-2022-JP, read as what its shifts mean in EUC-JP: the C library's own has not the row of ①, ㈱ and ℡ that everybody uses.
    ///
    /// Source: the Encoding Standard, section 12.2; CP50221 for the half-width kana.
    private static func japanese(_ bytes: [UInt8]) -> String {
        enum Set { case ascii, kana, double, supplement }
        var (output, set, at) = ([UInt8](), Set.ascii, 0)
        while at < bytes.count {
            let rest = bytes[at...]
            if bytes[at] == 0x1b, rest.count >= 3 {
                let shift = String(decoding: rest.dropFirst().prefix(3), as: UTF8.self)
                let known: (Set, Int)? =
                    if shift.hasPrefix("$B") || shift.hasPrefix("$@") { (.double, 3) } else if shift.hasPrefix("$(D") {
                        (.supplement, 4)
                    } else if shift.hasPrefix("(I") { (.kana, 3) } else if shift.hasPrefix("(B") || shift.hasPrefix("(J") {
                        (.ascii, 3)
                    } else { nil }
                guard let known else { return self.clean(Iconv.text(bytes, from: "ISO-2022-JP-3") ?? self.unlabelled(bytes)) }
                (set, at) = (known.0, at + known.1)
                continue
            }
            let byte = bytes[at]
            // Who forgets to shift back does so at the line's end.
            if byte == 0x0a { set = .ascii }
            let isGraphic = 0x21...0x7e ~= byte
            switch set {
            case .kana where isGraphic: output += [0x8e, byte | 0x80]
            case .double where isGraphic && at + 1 < bytes.count, .supplement where isGraphic && at + 1 < bytes.count:
                if set == .supplement { output.append(0x8f) }
                output += [byte | 0x80, bytes[at + 1] | 0x80]
                at += 1
            default: output.append(byte)
            }
            at += 1
        }
        return self.clean(Iconv.text(output, from: "EUC-JP-MS") ?? self.unlabelled(bytes))
    }

    private static func latin(_ bytes: [UInt8]) -> String {
        var text = String.UnicodeScalarView()
        for byte in bytes {
            let scalar = (0x80...0x9f).contains(byte) ? CharsetLabels.windows1252[Int(byte) - 0x80] : Unicode.Scalar(byte)
            text.append(scalar)
        }
        return self.clean(String(text))
    }

    private static func clean(_ text: String) -> String {
        text.utf8.contains(0) ? text.replacing("\0", with: "\u{fffd}") : text
    }
}

/// A conversion descriptor of the C library, closed exactly once because it cannot be copied.
private struct Iconv: ~Copyable {
    private let descriptor: iconv_t

    private init?(from charset: String) {
        guard let descriptor = iconv_open("UTF-8", charset), Int(bitPattern: descriptor) != -1 else { return nil }
        self.descriptor = descriptor
    }

    deinit { iconv_close(self.descriptor) }

    /// Nil when the C library has no such charset. What is no character of it becomes U+FFFD.
    static func text(_ bytes: [UInt8], from charset: String) -> String? {
        guard let converter = Iconv(from: charset) else { return nil }
        return converter.convert(bytes)
    }

    private borrowing func convert(_ bytes: [UInt8]) -> String {
        var output: [UInt8] = []
        var input = bytes
        var chunk = [UInt8](repeating: 0, count: 8_192)
        input.withUnsafeMutableBytes { raw in
            var from = raw.baseAddress?.assumingMemoryBound(to: CChar.self)
            var left = raw.count
            while left > 0 {
                var failure: Int32 = 0
                let written = chunk.withUnsafeMutableBytes { room -> Int in
                    var to = room.baseAddress?.assumingMemoryBound(to: CChar.self)
                    var space = room.count
                    let isDone = iconv(self.descriptor, &from, &left, &to, &space) != -1
                    if isDone { iconv(self.descriptor, nil, nil, &to, &space) } else { failure = errno }
                    return room.count - space
                }
                output += chunk[..<written]
                guard failure == EILSEQ || failure == EINVAL else { continue }
                output += [0xef, 0xbf, 0xbd]
                from = from?.successor()
                left -= 1
            }
        }
        return String(decoding: output, as: UTF8.self)
    }
}
