extension JSON {
    /// Parses one JSON text strictly: no trailing bytes, no duplicate names, valid UTF-8, no lone surrogates, finite numbers.
    ///
    /// - Parameters:
    ///   - depth: how many arrays and objects may stand inside one another.
    ///   - values: how many there may be in all: small ones cost a hundred times what they are on the wire.
    ///
    /// Source: RFC 8259; RFC 7493 (I-JSON) for duplicates and surrogates.
    package init(parsing bytes: [UInt8], depth: Int = 64, values: Int = JSON.valueLimit) throws(JSONError) {
        guard String(validating: bytes, as: UTF8.self) != nil else {
            throw JSONError(code: .malformed, offset: Self.firstInvalidByte(bytes), detail: "invalid UTF-8")
        }
        var parser = JSONParser(bytes: bytes, depth: depth, valuesLeft: values)
        self = try parser.document()
    }

    package init(parsing text: String, depth: Int = 64) throws(JSONError) { try self.init(parsing: Array(text.utf8), depth: depth) }

    /// More than any provider's batch has.
    package static let valueLimit = 100_000

    private static func firstInvalidByte(_ bytes: [UInt8]) -> Int {
        var decoder = UTF8()
        var iterator = bytes.makeIterator()
        var offset = 0
        while case .scalarValue(let scalar) = decoder.decode(&iterator) { offset += String(scalar).utf8.count }
        return offset
    }
}

private struct JSONParser {
    let bytes: [UInt8]
    var depth: Int
    var valuesLeft: Int
    var position = 0

    mutating func document() throws(JSONError) -> JSON {
        let value = try self.value()
        self.skipSpace()
        guard self.position == self.bytes.count else { throw self.malformed("trailing bytes") }
        return value
    }

    private func malformed(_ detail: String) -> JSONError { JSONError(code: .malformed, offset: self.position, detail: detail) }
    private var current: UInt8? { self.position < self.bytes.count ? self.bytes[self.position] : nil }

    private mutating func skipSpace() {
        while let byte = self.current, byte == 0x20 || byte == 0x0a || byte == 0x0d || byte == 0x09 { self.position += 1 }
    }

    private mutating func take(_ character: Character) -> Bool {
        guard self.current == character.asciiValue else { return false }
        self.position += 1
        return true
    }

    private mutating func value() throws(JSONError) -> JSON {
        self.skipSpace()
        self.valuesLeft -= 1
        guard self.valuesLeft >= 0 else { throw JSONError(code: .tooMany, offset: self.position, detail: "too many values") }
        switch self.current {
        case UInt8(ascii: "{"): return try self.nested { parser throws(JSONError) in try parser.object() }
        case UInt8(ascii: "["): return try self.nested { parser throws(JSONError) in try parser.array() }
        case UInt8(ascii: "\""): return .string(try self.string())
        case UInt8(ascii: "t"): return try self.word("true", .bool(true))
        case UInt8(ascii: "f"): return try self.word("false", .bool(false))
        case UInt8(ascii: "n"): return try self.word("null", .null)
        case nil: throw self.malformed("unexpected end")
        default: return try self.number()
        }
    }

    private mutating func nested(_ body: (inout JSONParser) throws(JSONError) -> JSON) throws(JSONError) -> JSON {
        guard self.depth > 0 else { throw JSONError(code: .tooDeep, offset: self.position, detail: "nested too deep") }
        self.depth -= 1
        self.position += 1
        let value = try body(&self)
        self.depth += 1
        return value
    }

    private mutating func word(_ text: String, _ value: JSON) throws(JSONError) -> JSON {
        guard self.bytes[self.position...].starts(with: text.utf8) else { throw self.malformed("unexpected character") }
        self.position += text.utf8.count
        return value
    }

    private mutating func object() throws(JSONError) -> JSON {
        var members: [String: JSON] = [:]
        self.skipSpace()
        if self.take("}") { return .object(members) }
        repeat {
            self.skipSpace()
            guard self.current == UInt8(ascii: "\"") else { throw self.malformed("expected a member name") }
            let start = self.position
            let name = try self.string()
            self.skipSpace()
            guard self.take(":") else { throw self.malformed("expected ':'") }
            let value = try self.value()
            guard members.updateValue(value, forKey: name) == nil else {
                throw JSONError(code: .malformed, offset: start, detail: "duplicate member name")
            }
            self.skipSpace()
        } while self.take(",")
        guard self.take("}") else { throw self.malformed("expected ',' or '}'") }
        return .object(members)
    }

    private mutating func array() throws(JSONError) -> JSON {
        var values: [JSON] = []
        self.skipSpace()
        if self.take("]") { return .array(values) }
        repeat {
            values.append(try self.value())
            self.skipSpace()
        } while self.take(",")
        guard self.take("]") else { throw self.malformed("expected ',' or ']'") }
        return .array(values)
    }

    private mutating func number() throws(JSONError) -> JSON {
        let start = self.position
        _ = self.take("-")
        guard self.take("0") || self.digits() else { throw self.malformed("unexpected character") }
        if self.take(".") { guard self.digits() else { throw self.malformed("expected a digit") } }
        if self.take("e") || self.take("E") {
            if !self.take("+") { _ = self.take("-") }
            guard self.digits() else { throw self.malformed("expected a digit") }
        }
        let text = String(decoding: self.bytes[start..<self.position], as: UTF8.self)
        guard let value = Double(text), value.isFinite else { throw JSONError(code: .number, offset: start, detail: "number out of range") }
        return .number(text)
    }

    private mutating func digits() -> Bool {
        let start = self.position
        while let byte = self.current, byte >= 0x30, byte <= 0x39 { self.position += 1 }
        return self.position > start
    }

    private mutating func string() throws(JSONError) -> String {
        self.position += 1
        let start = self.position
        while let byte = self.current, byte != UInt8(ascii: "\""), byte != UInt8(ascii: "\\"), byte >= 0x20 { self.position += 1 }
        if self.current == UInt8(ascii: "\"") {  // nothing escaped: the usual case needs no second buffer
            defer { self.position += 1 }
            return String(decoding: self.bytes[start..<self.position], as: UTF8.self)
        }
        var out = Array(self.bytes[start..<self.position])
        while let byte = self.current {
            switch byte {
            case UInt8(ascii: "\""):
                self.position += 1
                return String(decoding: out, as: UTF8.self)
            case UInt8(ascii: "\\"):
                self.position += 1
                try self.escape(into: &out)
            case 0..<0x20: throw self.malformed("control character in a string")
            default:
                out.append(byte)
                self.position += 1
            }
        }
        throw self.malformed("unterminated string")
    }

    private mutating func escape(into out: inout [UInt8]) throws(JSONError) {
        guard let byte = self.current else { throw self.malformed("unterminated string") }
        self.position += 1
        switch byte {
        case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"): out.append(byte)
        case UInt8(ascii: "b"): out.append(0x08)
        case UInt8(ascii: "f"): out.append(0x0c)
        case UInt8(ascii: "n"): out.append(0x0a)
        case UInt8(ascii: "r"): out.append(0x0d)
        case UInt8(ascii: "t"): out.append(0x09)
        case UInt8(ascii: "u"):
            let unit = try self.hexUnit()
            var code = UInt32(unit)
            if UTF16.isLeadSurrogate(unit) {
                guard self.take("\\"), self.take("u") else { throw self.malformed("lone surrogate") }
                let trail = try self.hexUnit()
                guard UTF16.isTrailSurrogate(trail) else { throw self.malformed("lone surrogate") }
                code = 0x10000 + (UInt32(unit) - 0xd800) << 10 + (UInt32(trail) - 0xdc00)
            }
            guard let scalar = Unicode.Scalar(code) else { throw self.malformed("lone surrogate") }
            out.append(contentsOf: String(scalar).utf8)
        default:
            self.position -= 1
            throw self.malformed("unknown escape")
        }
    }

    private mutating func hexUnit() throws(JSONError) -> UInt16 {
        guard self.position + 4 <= self.bytes.count,
            self.bytes[self.position..<self.position + 4].allSatisfy({ Character(Unicode.Scalar($0)).isHexDigit }),
            let unit = UInt16(String(decoding: self.bytes[self.position..<self.position + 4], as: UTF8.self), radix: 16)
        else { throw self.malformed("expected four hexadecimal digits") }
        self.position += 4
        return unit
    }
}
