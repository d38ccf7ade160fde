/// JSON text for a `jsonb` column.
package struct JSONText: SQLValue, Hashable {
    package let text: String
    package init(_ text: String) { self.text = text }

    private static let plain: UInt32 = 114
    package static var typeID: UInt32 { 3802 }
    package static var arrayTypeID: UInt32 { 3807 }
    package static func reads(_ typeID: UInt32) -> Bool { typeID == self.typeID || typeID == self.plain }
    /// One version byte, then the text.
    package func encode(into bytes: inout [UInt8]) -> Bool {
        bytes.append(1)
        return self.text.encode(into: &bytes)
    }
    package init?(decoding bytes: UnsafeRawBufferPointer, of typeID: UInt32) {
        if typeID == Self.plain {
            self.text = String(decoding: bytes, as: UTF8.self)
        } else {
            guard bytes.first == 1 else { return nil }
            self.text = String(decoding: bytes.dropFirst(), as: UTF8.self)
        }
    }
}
