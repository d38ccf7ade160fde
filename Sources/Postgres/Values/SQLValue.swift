package import Foundation

/// A Swift value that PostgreSQL takes and gives in its binary format.
///
/// Source: PostgreSQL source, src/backend/utils/adt (`*_send`, `*_recv`); type numbers from pg_type.dat.
package protocol SQLValue: Sendable {
    /// The type a parameter is bound as.
    static var typeID: UInt32 { get }
    static var arrayTypeID: UInt32 { get }
    /// Whether a column of that type can be read: a wrong guess is an error, never a value that happens to have the right size.
    static func reads(_ typeID: UInt32) -> Bool
    /// - Returns: false when the value cannot stand in the database: text with NUL, a moment out of range.
    func encode(into bytes: inout [UInt8]) -> Bool
    /// Nil when the bytes are no such value.
    init?(decoding bytes: UnsafeRawBufferPointer, of typeID: UInt32)
}

extension SQLValue {
    package static func reads(_ typeID: UInt32) -> Bool { typeID == self.typeID }
}

extension FixedWidthInteger {
    func append(to bytes: inout [UInt8]) { withUnsafeBytes(of: self.bigEndian) { bytes.append(contentsOf: $0) } }
    init?(bigEndianBytes bytes: UnsafeRawBufferPointer) {
        guard bytes.count == MemoryLayout<Self>.size else { return nil }
        self = Self(bigEndian: bytes.loadUnaligned(as: Self.self))
    }
}

/// Integers are written in their own width, and read from a column of any width whose number fits.
package protocol SQLInteger: SQLValue, FixedWidthInteger {}

extension SQLInteger {
    /// int2, int4, int8; oid and xid8, which have no sign.
    package static func reads(_ typeID: UInt32) -> Bool { [21, 23, 20, 26, 5069].contains(typeID) }
    package func encode(into bytes: inout [UInt8]) -> Bool {
        self.append(to: &bytes)
        return true
    }
    package init?(decoding bytes: UnsafeRawBufferPointer, of typeID: UInt32) {
        let number: Self? =
            switch typeID {
            case 21: Int16(bigEndianBytes: bytes).flatMap(Self.init(exactly:))
            case 23: Int32(bigEndianBytes: bytes).flatMap(Self.init(exactly:))
            case 26: UInt32(bigEndianBytes: bytes).flatMap(Self.init(exactly:))
            case 5069: UInt64(bigEndianBytes: bytes).flatMap(Self.init(exactly:))
            default: Int64(bigEndianBytes: bytes).flatMap(Self.init(exactly:))
            }
        guard let number else { return nil }
        self = number
    }
}

extension Int16: SQLInteger {
    package static var typeID: UInt32 { 21 }
    package static var arrayTypeID: UInt32 { 1005 }
}

extension Int32: SQLInteger {
    package static var typeID: UInt32 { 23 }
    package static var arrayTypeID: UInt32 { 1007 }
}

extension Int64: SQLInteger {
    package static var typeID: UInt32 { 20 }
    package static var arrayTypeID: UInt32 { 1016 }
}

/// An `int8`: Swift's `Int` has 64 bits wherever this runs.
extension Int: SQLInteger {
    package static var typeID: UInt32 { Int64.typeID }
    package static var arrayTypeID: UInt32 { Int64.arrayTypeID }
}

extension Bool: SQLValue {
    package static var typeID: UInt32 { 16 }
    package static var arrayTypeID: UInt32 { 1000 }
    package func encode(into bytes: inout [UInt8]) -> Bool {
        bytes.append(self ? 1 : 0)
        return true
    }
    package init?(decoding bytes: UnsafeRawBufferPointer, of typeID: UInt32) {
        guard bytes.count == 1 else { return nil }
        self = bytes[0] != 0
    }
}

/// `float8`; `float4` is read too.
extension Double: SQLValue {
    private static let single: UInt32 = 700
    package static var typeID: UInt32 { 701 }
    package static var arrayTypeID: UInt32 { 1022 }
    package static func reads(_ typeID: UInt32) -> Bool { typeID == self.typeID || typeID == self.single }
    package func encode(into bytes: inout [UInt8]) -> Bool {
        self.bitPattern.append(to: &bytes)
        return true
    }
    package init?(decoding bytes: UnsafeRawBufferPointer, of typeID: UInt32) {
        if typeID == Self.single {
            guard let pattern = UInt32(bigEndianBytes: bytes) else { return nil }
            self.init(Float(bitPattern: pattern))
        } else {
            guard let pattern = UInt64(bigEndianBytes: bytes) else { return nil }
            self.init(bitPattern: pattern)
        }
    }
}

extension String: SQLValue {
    package static var typeID: UInt32 { 25 }
    package static var arrayTypeID: UInt32 { 1009 }
    /// Whatever is text on the wire: text, varchar, char(n), name, "char", unknown, json, and enums (types made by users).
    package static func reads(_ typeID: UInt32) -> Bool {
        [25, 1043, 1042, 19, 18, 705, 114].contains(typeID) || typeID >= 16_384
    }
    package func encode(into bytes: inout [UInt8]) -> Bool {
        let start = bytes.count
        bytes.append(contentsOf: self.utf8)
        return !bytes[start...].contains(0)
    }
    package init?(decoding bytes: UnsafeRawBufferPointer, of typeID: UInt32) { self.init(decoding: bytes, as: UTF8.self) }
}

extension UUID: SQLValue {
    package static var typeID: UInt32 { 2950 }
    package static var arrayTypeID: UInt32 { 2951 }
    package func encode(into bytes: inout [UInt8]) -> Bool {
        withUnsafeBytes(of: self.uuid) { bytes.append(contentsOf: $0) }
        return true
    }
    package init?(decoding bytes: UnsafeRawBufferPointer, of typeID: UInt32) {
        guard bytes.count == 16 else { return nil }
        self.init(uuid: bytes.loadUnaligned(as: uuid_t.self))
    }
}

/// `timestamptz`: whole microseconds since 2000-01-01 00:00 UTC.
///
/// Seconds and microseconds are converted apart, so that what the server gives goes back as it came, until the year 2137.
extension Date: SQLValue {
    /// From PostgreSQL's epoch to Foundation's, 2001-01-01.
    private static let leapYear: Int64 = 31_622_400
    package static var typeID: UInt32 { 1184 }
    package static var arrayTypeID: UInt32 { 1185 }
    package func encode(into bytes: inout [UInt8]) -> Bool {
        let seconds = self.timeIntervalSinceReferenceDate.rounded(.down)
        // PostgreSQL's own range ends at the year 294276, 9.2e12 seconds.
        guard abs(seconds) < 9e12 else { return false }
        let microseconds = Int64(((self.timeIntervalSinceReferenceDate - seconds) * 1_000_000).rounded())
        ((Int64(seconds) + Self.leapYear) * 1_000_000 + microseconds).append(to: &bytes)
        return true
    }
    package init?(decoding bytes: UnsafeRawBufferPointer, of typeID: UInt32) {
        guard let microseconds = Int64(bigEndianBytes: bytes) else { return nil }
        let (seconds, rest) = microseconds.quotientAndRemainder(dividingBy: 1_000_000)
        self.init(timeIntervalSinceReferenceDate: Double(seconds - Self.leapYear) + Double(rest) / 1_000_000)
    }
}

/// `bytea`.
extension [UInt8]: SQLValue {
    package static var typeID: UInt32 { 17 }
    package static var arrayTypeID: UInt32 { 1001 }
    package func encode(into bytes: inout [UInt8]) -> Bool {
        bytes += self
        return true
    }
    package init?(decoding bytes: UnsafeRawBufferPointer, of typeID: UInt32) { self = Array(bytes) }
}
