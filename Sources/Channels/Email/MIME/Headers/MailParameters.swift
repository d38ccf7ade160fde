/// The parameters of a field: `; filename*0*=utf-8''gr%C3%B6; filename*1=ße.pdf`.
///
/// Source: RFC 2231. In life also encoded words within quotes, and bare bytes of any charset.
package struct MailParameters: Hashable, Sendable {
    private struct Section: Hashable, Sendable {
        var number: Int
        var isExtended: Bool
        var bytes: [UInt8]
    }
    /// By name in lower case: those with a `*`, and the first plain one.
    private var sections: [String: [Section]] = [:]
    private var plain: [String: [UInt8]] = [:]

    /// More than a name can be cut into; what comes behind is no part of it.
    private static let sectionLimit = 200

    /// - Parameter text: behind the field's own value.
    init(_ text: some Collection<UInt8>) {
        var reader = Reader(bytes: Array(text))
        while let (name, value) = reader.next() {
            let parts = name.split(separator: "*", omittingEmptySubsequences: false)
            guard parts.count > 1, !parts[0].isEmpty else {
                if !name.isEmpty, self.plain[name] == nil { self.plain[name] = value }
                continue
            }
            let number = Int(parts[1])
            guard number.map({ (0..<Self.sectionLimit).contains($0) }) ?? parts[1].isEmpty else { continue }
            let isExtended = number == nil || (parts.count > 2 && parts[2].isEmpty)
            let key = String(parts[0])
            // `name*` is all of it, and comes before pieces with numbers.
            let section = Section(number: number ?? -1, isExtended: isExtended, bytes: value)
            if self.sections[key, default: []].allSatisfy({ $0.number != section.number }) {
                self.sections[key, default: []].append(section)
            }
        }
    }

    /// As text; what is written with a charset wins over what is not.
    subscript(_ name: String) -> String? {
        if let (bytes, label) = self.joined(name) {
            return label.isEmpty ? HeaderText.decode(bytes) : HeaderText.oneLine(Charset.text(bytes, label: label))
        }
        return self.plain[name].map { HeaderText.decode($0) }
    }

    /// As bytes, without any reading.
    func raw(_ name: String) -> [UInt8]? { self.plain[name] ?? self.joined(name)?.bytes }

    private func joined(_ name: String) -> (bytes: [UInt8], label: String)? {
        guard var sections = self.sections[name] else { return nil }
        if let whole = sections.first(where: { $0.number < 0 }) { sections = [whole] }
        sections.sort { $0.number < $1.number }
        guard let first = sections.first, first.number <= 0 else { return nil }
        var bytes: [UInt8] = []
        var label = ""
        for (index, section) in sections.enumerated() {
            guard section.number < 0 || section.number == index else { break }
            var text = section.bytes[...]
            if index == 0, section.isExtended {
                let parts = text.split(separator: 0x27, maxSplits: 2, omittingEmptySubsequences: false)
                if parts.count == 3 { (label, text) = (MailHeaders.name(parts[0]), parts[2]) }
                if label.isEmpty { label = "utf-8" }
            }
            bytes += section.isExtended ? Self.unescaped(text) : Array(text)
        }
        return (bytes, label)
    }

    private static func unescaped(_ text: ArraySlice<UInt8>) -> [UInt8] {
        var bytes: [UInt8] = []
        var at = text.startIndex
        while at < text.endIndex {
            if text[at] == 0x25, at + 2 < text.endIndex, let high = Hex.digit(text[at + 1]), let low = Hex.digit(text[at + 2]) {
                bytes.append(high << 4 | low)
                at += 3
            } else {
                bytes.append(text[at])
                at += 1
            }
        }
        return bytes
    }

    /// Splits `; name = value; name = "value"`, and forgives much.
    private struct Reader {
        let bytes: [UInt8]
        var at = 0

        mutating func next() -> (String, [UInt8])? {
            while self.at < self.bytes.count, self.bytes[self.at] == 0x3b || self.isBlank { self.at += 1 }
            guard self.at < self.bytes.count else { return nil }
            let start = self.at
            while self.at < self.bytes.count, self.bytes[self.at] != 0x3d, self.bytes[self.at] != 0x3b { self.at += 1 }
            let name = MailHeaders.name(self.bytes[start..<self.at])
            guard self.at < self.bytes.count, self.bytes[self.at] == 0x3d else { return (name, []) }
            self.at += 1
            while self.at < self.bytes.count, self.isBlank { self.at += 1 }
            if self.at < self.bytes.count, self.bytes[self.at] == 0x22 { return (name, self.quotedString()) }
            // Files are named `report(1).pdf`, quoted or not; elsewhere parentheses hold a comment.
            let value = self.token()
            return (name, name.hasPrefix("name") || name.hasPrefix("filename") ? value : HeaderText.withoutComments(value).trimmed)
        }

        private var isBlank: Bool { [0x20, 0x09, 0x0d, 0x0a].contains(self.bytes[self.at]) }

        private mutating func quotedString() -> [UInt8] {
            var value: [UInt8] = []
            self.at += 1
            while self.at < self.bytes.count, self.bytes[self.at] != 0x22 {
                if self.bytes[self.at] == 0x5c, self.at + 1 < self.bytes.count { self.at += 1 }
                value.append(self.bytes[self.at])
                self.at += 1
            }
            while self.at < self.bytes.count, self.bytes[self.at] != 0x3b { self.at += 1 }
            return value
        }

        private mutating func token() -> [UInt8] {
            let start = self.at
            while self.at < self.bytes.count, self.bytes[self.at] != 0x3b { self.at += 1 }
            return self.bytes[start..<self.at].trimmed
        }
    }
}

extension Collection<UInt8> {
    /// Without white space at the end.
    fileprivate var trimmed: [UInt8] {
        var value = Array(self)
        while let last = value.last, last == 0x20 || 0x09...0x0d ~= last { value.removeLast() }
        return value
    }
}
