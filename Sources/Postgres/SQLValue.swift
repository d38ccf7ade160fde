package import Foundation

/// A Swift value that PostgreSQL takes and gives in its binary format.
///
/// Source: PostgreSQL source, src/backend/utils/adt (`*_send`, `*_recv`); type numbers from pg_type.dat.
package protocol SQLValue: Sendable {
    static var typeID: UInt32 { get }
    static var arrayTypeID: UInt32 { get }
    /// Nil when the value cannot stand in the database (text with NUL).
    func encoded() -> [UInt8]?
    /// Nil when the bytes are no such value.
    init?(decoding bytes: UnsafeRawBufferPointer)
}

/// JSON text for a `jsonb` column.
package struct JSONText: SQLValue, Hashable {
    package let text: String
    package init(_ text: String) { self.text = text }

    package static var typeID: UInt32 { 3802 }
    package static var arrayTypeID: UInt32 { 3807 }
    /// One version byte, then the text.
    package func encoded() -> [UInt8]? { [1] + Array(self.text.utf8) }
    package init?(decoding bytes: UnsafeRawBufferPointer) {
        guard bytes.first == 1 else { return nil }
        self.text = String(decoding: bytes.dropFirst(), as: UTF8.self)
    }
}

extension FixedWidthInteger {
    var bigEndianBytes: [UInt8] { withUnsafeBytes(of: self.bigEndian) { Array($0) } }
    init?(bigEndianBytes bytes: UnsafeRawBufferPointer) {
        guard bytes.count == MemoryLayout<Self>.size else { return nil }
        self = Self(bigEndian: bytes.loadUnaligned(as: Self.self))
    }
}

extension Int16: SQLValue {
    package static var typeID: UInt32 { 21 }
    package static var arrayTypeID: UInt32 { 1005 }
    package func encoded() -> [UInt8]? { self.bigEndianBytes }
    package init?(decoding bytes: UnsafeRawBufferPointer) { self.init(bigEndianBytes: bytes) }
}

extension Int32: SQLValue {
    package static var typeID: UInt32 { 23 }
    package static var arrayTypeID: UInt32 { 1007 }
    package func encoded() -> [UInt8]? { self.bigEndianBytes }
    package init?(decoding bytes: UnsafeRawBufferPointer) { self.init(bigEndianBytes: bytes) }
}

extension Int64: SQLValue {
    package static var typeID: UInt32 { 20 }
    package static var arrayTypeID: UInt32 { 1016 }
    package func encoded() -> [UInt8]? { self.bigEndianBytes }
    package init?(decoding bytes: UnsafeRawBufferPointer) { self.init(bigEndianBytes: bytes) }
}

/// Written as `int8`, read from any integer column.
extension Int: SQLValue {
    package static var typeID: UInt32 { Int64.typeID }
    package static var arrayTypeID: UInt32 { Int64.arrayTypeID }
    package func encoded() -> [UInt8]? { Int64(self).bigEndianBytes }
    package init?(decoding bytes: UnsafeRawBufferPointer) {
        switch bytes.count {
        case 2: self = Int(Int16(bigEndianBytes: bytes)!)
        case 4: self = Int(Int32(bigEndianBytes: bytes)!)
        case 8: self = Int(Int64(bigEndianBytes: bytes)!)
        default: return nil
        }
    }
}

extension Bool: SQLValue {
    package static var typeID: UInt32 { 16 }
    package static var arrayTypeID: UInt32 { 1000 }
    package func encoded() -> [UInt8]? { [self ? 1 : 0] }
    package init?(decoding bytes: UnsafeRawBufferPointer) {
        guard bytes.count == 1 else { return nil }
        self = bytes[0] != 0
    }
}

extension Double: SQLValue {
    package static var typeID: UInt32 { 701 }
    package static var arrayTypeID: UInt32 { 1022 }
    package func encoded() -> [UInt8]? { self.bitPattern.bigEndianBytes }
    package init?(decoding bytes: UnsafeRawBufferPointer) {
        guard let pattern = UInt64(bigEndianBytes: bytes) else { return nil }
        self.init(bitPattern: pattern)
    }
}

extension String: SQLValue {
    package static var typeID: UInt32 { 25 }
    package static var arrayTypeID: UInt32 { 1009 }
    package func encoded() -> [UInt8]? {
        let bytes = Array(self.utf8)
        return bytes.contains(0) ? nil : bytes
    }
    package init?(decoding bytes: UnsafeRawBufferPointer) { self.init(decoding: bytes, as: UTF8.self) }
}

extension UUID: SQLValue {
    package static var typeID: UInt32 { 2950 }
    package static var arrayTypeID: UInt32 { 2951 }
    package func encoded() -> [UInt8]? { withUnsafeBytes(of: self.uuid) { Array($0) } }
    package init?(decoding bytes: UnsafeRawBufferPointer) {
        guard bytes.count == 16 else { return nil }
        self.init(uuid: bytes.loadUnaligned(as: uuid_t.self))
    }
}

/// `timestamptz`: whole microseconds since 2000-01-01 00:00 UTC.
extension Date: SQLValue {
    private static let epoch: TimeInterval = 946_684_800
    package static var typeID: UInt32 { 1184 }
    package static var arrayTypeID: UInt32 { 1185 }
    package func encoded() -> [UInt8]? {
        let microseconds = ((self.timeIntervalSince1970 - Self.epoch) * 1_000_000).rounded()
        return Int64(exactly: microseconds)?.bigEndianBytes
    }
    package init?(decoding bytes: UnsafeRawBufferPointer) {
        guard let microseconds = Int64(bigEndianBytes: bytes) else { return nil }
        self.init(timeIntervalSince1970: Double(microseconds) / 1_000_000 + Self.epoch)
    }
}

/// `bytea`.
extension [UInt8]: SQLValue {
    package static var typeID: UInt32 { 17 }
    package static var arrayTypeID: UInt32 { 1001 }
    package func encoded() -> [UInt8]? { self }
    package init?(decoding bytes: UnsafeRawBufferPointer) { self = Array(bytes) }
}

/// One dimension: count, NULL flag, element type, size, lower bound, then each element behind its length (-1 for NULL).
enum SQLArray {
    static func encoded<T: SQLValue>(_ values: [T?]) -> [UInt8]? {
        var out: [UInt8] = []
        out.reserveCapacity(20 + values.count * 20)
        out += Int32(values.isEmpty ? 0 : 1).bigEndianBytes
        out += Int32(values.contains { $0 == nil } ? 1 : 0).bigEndianBytes
        out += T.typeID.bigEndianBytes
        guard !values.isEmpty else { return out }
        out += Int32(values.count).bigEndianBytes
        out += Int32(1).bigEndianBytes
        for value in values {
            guard let value else {
                out += Int32(-1).bigEndianBytes
                continue
            }
            guard let bytes = value.encoded() else { return nil }
            out += Int32(bytes.count).bigEndianBytes
            out += bytes
        }
        return out
    }

    /// Nil when the bytes are no array of `T`; a NULL element counts as one.
    static func decoded<T: SQLValue>(_ bytes: UnsafeRawBufferPointer, as type: T.Type = T.self) -> [T]? {
        func integer(at offset: Int) -> Int? {
            guard offset >= 0, offset + 4 <= bytes.count else { return nil }
            return Int(Int32(bigEndian: bytes.loadUnaligned(fromByteOffset: offset, as: Int32.self)))
        }
        guard let dimensions = integer(at: 0) else { return nil }
        guard dimensions == 1, let count = integer(at: 12) else { return dimensions == 0 ? [] : nil }
        var values: [T] = []
        var offset = 20
        for _ in 0..<count {
            guard let length = integer(at: offset), length >= 0, offset + 4 + length <= bytes.count,
                let value = T(decoding: UnsafeRawBufferPointer(rebasing: bytes[(offset + 4)..<(offset + 4 + length)]))
            else { return nil }
            values.append(value)
            offset += 4 + length
        }
        return values
    }
}
