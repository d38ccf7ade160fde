internal import Parley

/// An XML document as JSON: `{"name": "Response", "attributes": {"id": "1"}, "text": "…", "children": […]}`.
///
/// Takes elements, attributes, text, CDATA and the five named entities, and nothing that could reach out or grow: a document type is refused.
///
/// Source: XML 1.0 (fifth edition).
struct XMLBody {
    private static let maxDepth = 50
    private static let maxElements = JSON.valueLimit / 4

    private let text: [UInt8]
    private var position = 0
    private var elements = 0

    /// Nil when the bytes are no such document.
    static func parse(_ bytes: [UInt8]) -> JSON? {
        guard String(validating: bytes, as: UTF8.self) != nil else { return nil }
        var parser = XMLBody(text: bytes)
        guard parser.skipMisc(), let root = parser.element(depth: 0), parser.skipMisc(), parser.position == bytes.count else { return nil }
        return root
    }

    private init(text: [UInt8]) { self.text = text }

    private func sees(_ mark: String) -> Bool { self.text[self.position...].starts(with: mark.utf8) }

    private mutating func take(_ mark: String) -> Bool {
        guard self.sees(mark) else { return false }
        self.position += mark.utf8.count
        return true
    }

    /// What stands before `mark`; the position moves behind it.
    private mutating func upTo(_ mark: String) -> ArraySlice<UInt8>? {
        guard let found = self.text[self.position...].firstRange(of: Array(mark.utf8)) else { return nil }
        defer { self.position = found.upperBound }
        return self.text[self.position..<found.lowerBound]
    }

    private mutating func skipSpace() {
        while self.position < self.text.count, [0x20, 0x09, 0x0a, 0x0d].contains(self.text[self.position]) { self.position += 1 }
    }

    /// Skips white space, comments and instructions; false at a broken one.
    private mutating func skipMisc() -> Bool {
        while true {
            self.skipSpace()
            if self.take("<?") {
                guard self.upTo("?>") != nil else { return false }
            } else if self.take("<!--") {
                guard self.upTo("-->") != nil else { return false }
            } else {
                return true
            }
        }
    }

    private mutating func name() -> String? {
        let start = self.position
        while self.position < self.text.count, !" \t\r\n/>=<&\"'".utf8.contains(self.text[self.position]) { self.position += 1 }
        return self.position > start ? String(decoding: self.text[start..<self.position], as: UTF8.self) : nil
    }

    private mutating func element(depth: Int) -> JSON? {
        self.elements += 1
        guard depth < Self.maxDepth, self.elements <= Self.maxElements, self.take("<"), let name = self.name(),
            let attributes = self.attributes()
        else { return nil }
        if self.take("/>") { return Self.node(name, attributes, text: "", children: []) }
        guard self.take(">") else { return nil }
        var content = ""
        var children: [JSON] = []
        while true {
            if self.take("</") {
                guard self.name() == name else { return nil }
                self.skipSpace()
                return self.take(">") ? Self.node(name, attributes, text: content, children: children) : nil
            } else if self.take("<![CDATA[") {
                guard let data = self.upTo("]]>") else { return nil }
                content += String(decoding: data, as: UTF8.self)
            } else if self.take("<!--") {
                guard self.upTo("-->") != nil else { return nil }
            } else if self.sees("<") {
                guard let child = self.element(depth: depth + 1) else { return nil }
                children.append(child)
            } else {
                let end = self.text[self.position...].firstIndex(of: UInt8(ascii: "<")) ?? self.text.count
                guard end > self.position, let text = Self.unescape(self.text[self.position..<end]) else { return nil }
                content += text
                self.position = end
            }
        }
    }

    private mutating func attributes() -> [String: JSON]? {
        var attributes: [String: JSON] = [:]
        while true {
            self.skipSpace()
            if self.sees(">") || self.sees("/>") { return attributes }
            guard let name = self.name() else { return nil }
            self.skipSpace()
            guard self.take("=") else { return nil }
            self.skipSpace()
            let quote = self.sees("'") ? "'" : "\""
            guard self.take(quote), let value = self.upTo(quote).flatMap(Self.unescape) else { return nil }
            guard attributes.updateValue(.string(value), forKey: name) == nil else { return nil }
        }
    }

    private static func node(_ name: String, _ attributes: [String: JSON], text: String, children: [JSON]) -> JSON {
        ["name": .string(name), "attributes": .object(attributes), "text": .string(text), "children": .array(children)]
    }

    private static func unescape(_ bytes: ArraySlice<UInt8>) -> String? {
        let text = String(decoding: bytes, as: UTF8.self)
        guard text.utf8.contains(UInt8(ascii: "&")) else { return text }
        let named = ["lt": "<", "gt": ">", "amp": "&", "quot": "\"", "apos": "'"]
        var out = ""
        var rest = text[...]
        while let start = rest.firstIndex(of: "&") {
            out += rest[..<start]
            guard let end = rest[start...].firstIndex(of: ";") else { return nil }
            let entity = String(rest[rest.index(after: start)..<end])
            if let character = named[entity] {
                out += character
            } else {
                guard entity.first == "#" else { return nil }
                let digits = entity.dropFirst()
                let code = digits.first == "x" ? UInt32(digits.dropFirst(), radix: 16) : UInt32(digits)
                guard let scalar = code.flatMap(Unicode.Scalar.init), scalar.value != 0 else { return nil }
                out.unicodeScalars.append(scalar)
            }
            rest = rest[rest.index(after: end)...]
        }
        return out + rest
    }
}
