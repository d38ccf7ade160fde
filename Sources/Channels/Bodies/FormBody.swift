/// A form as `application/x-www-form-urlencoded` writes it, and the query of a URL, which is written alike.
///
/// Source: WHATWG URL, section 5.1 (parsing) and 5.2 (serializing).
enum FormBody {
    static let maxFields = 2000

    /// Nil when there are more fields than may be.
    static func parse(_ bytes: some Collection<UInt8>) -> [(name: String, value: String)]? {
        let pairs = bytes.split(separator: UInt8(ascii: "&"), maxSplits: self.maxFields)
        guard pairs.count <= self.maxFields else { return nil }
        return pairs.map { pair in
            let halves = pair.split(separator: UInt8(ascii: "="), maxSplits: 1, omittingEmptySubsequences: false)
            return (self.decode(halves[0]), halves.count > 1 ? self.decode(halves[1]) : "")
        }
    }

    static func write(_ fields: [(name: String, value: String)]) -> String {
        fields.map { "\(self.encode($0.name))=\(self.encode($0.value))" }.joined(separator: "&")
    }

    private static func decode(_ bytes: some Collection<UInt8>) -> String {
        let bytes = Array(bytes)
        var out: [UInt8] = []
        out.reserveCapacity(bytes.count)
        var index = 0
        while index < bytes.count {
            switch bytes[index] {
            case UInt8(ascii: "+"): out.append(UInt8(ascii: " "))
            case UInt8(ascii: "%") where index + 2 < bytes.count:
                if let byte = Hex.decode(String(decoding: bytes[index + 1...index + 2], as: UTF8.self))?.first {
                    out.append(byte)
                    index += 2
                } else {
                    out.append(bytes[index])
                }
            default: out.append(bytes[index])
            }
            index += 1
        }
        return String(decoding: out, as: UTF8.self)
    }

    private static func encode(_ text: String) -> String {
        var out: [UInt8] = []
        for byte in text.utf8 {
            switch byte {
            case 0x30...0x39, 0x41...0x5a, 0x61...0x7a, UInt8(ascii: "*"), UInt8(ascii: "-"), UInt8(ascii: "."), UInt8(ascii: "_"):
                out.append(byte)
            case 0x20: out.append(UInt8(ascii: "+"))
            default: out.append(contentsOf: "%\(Hex.encode([byte]).uppercased())".utf8)
            }
        }
        return String(decoding: out, as: UTF8.self)
    }
}
