/// The header fields of a mail or of one of its parts, in their order, as bytes: what they mean is another question.
///
/// Source: RFC 5322 section 2.2.
package struct MailHeaders: Hashable, Sendable {
    package struct Field: Hashable, Sendable {
        /// Lower case.
        package var name: String
        /// Unfolded, without the blanks around it.
        package var value: [UInt8]
    }
    package private(set) var fields: [Field] = []

    package init(fields: [Field] = []) { self.fields = fields }

    /// Reads the header of a mail. A line that is no field goes on the field above, or is skipped.
    ///
    /// - Returns: also where the body begins, behind the empty line; the end when there is none.
    package static func read(_ mail: some RandomAccessCollection<UInt8>) -> (headers: MailHeaders, body: Int) {
        let whole = mail.withContiguousStorageIfAvailable { self.end(of: $0) } ?? mail.count
        let bytes = Array(mail.prefix(whole))
        var headers = MailHeaders()
        var at = 0
        while at < bytes.count {
            let end = bytes[at...].firstIndex(of: 0x0a) ?? bytes.count
            var line = bytes[at..<end]
            let next = min(end + 1, bytes.count)
            if line.last == 0x0d { line.removeLast() }
            if line.isEmpty { return (headers, next) }
            at = next
            headers.add(line)
        }
        return (headers, bytes.count)
    }

    /// How many bytes the header has, with the empty line that ends it: the rest, which may be long, is not copied.
    private static func end(of mail: UnsafeBufferPointer<UInt8>) -> Int {
        var at = 0
        while let feed = mail[at...].firstIndex(of: 0x0a) {
            let isEmpty = feed == at || (feed == at + 1 && mail[at] == 0x0d)
            at = feed + 1
            if isEmpty { return at }
        }
        return mail.count
    }

    private mutating func add(_ line: ArraySlice<UInt8>) {
        if line.first == 0x20 || line.first == 0x09 {
            if let last = self.fields.indices.last { self.fields[last].value += line }
        } else if let colon = line.firstIndex(of: 0x3a), colon > line.startIndex {
            self.add(Self.name(line[..<colon]), line[(colon + 1)...])
        }
    }

    package mutating func add(_ name: String, _ value: some Sequence<UInt8>) {
        self.fields.append(Field(name: name, value: Array(value)))
    }

    /// All bytes outside of printable ASCII are no part of a name.
    package static func name(_ bytes: some Sequence<UInt8>) -> String {
        String(decoding: bytes.lazy.filter { $0 > 0x20 && $0 < 0x7f }.map { (0x41...0x5a).contains($0) ? $0 | 0x20 : $0 }, as: UTF8.self)
    }

    /// The first field of a name: what comes later was put there by nobody we should believe more.
    package subscript(_ name: String) -> [UInt8]? {
        self.fields.first { $0.name == name }.map { Self.trimmed($0.value) }
    }

    package func all(_ name: String) -> [[UInt8]] { self.fields.filter { $0.name == name }.map { Self.trimmed($0.value) } }

    /// As text for a reader: encoded words read, white space runs as one blank, no control characters.
    package func text(_ name: String) -> String? { self[name].map { HeaderText.decode($0) } }

    /// As a protocol word: lower case, without comments and parameters; empty when there is none.
    package func word(_ name: String) -> String {
        guard let value = self[name] else { return "" }
        let text = HeaderText.withoutComments(value).prefix { $0 != 0x3b }
        return String(decoding: Self.trimmed(Array(text)), as: UTF8.self).lowercased()
    }

    private static func trimmed(_ bytes: [UInt8]) -> [UInt8] {
        func isBlank(_ byte: UInt8) -> Bool { byte == 0x20 || byte == 0x09 || byte == 0x0d || byte == 0x0a }
        var slice = bytes[...].drop(while: isBlank)
        while let last = slice.last, isBlank(last) { slice.removeLast() }
        return Array(slice)
    }
}
