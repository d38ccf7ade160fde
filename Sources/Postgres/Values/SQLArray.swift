/// PostgreSQL's binary format of an array with one dimension.
///
/// Shape: dimensions (0 when empty), NULL flag, element type; count, lower bound; then each element behind its length, -1 for NULL.
///
/// Source: PostgreSQL source, src/backend/utils/adt/arrayfuncs.c (`array_send`, `array_recv`).
enum SQLArray {
    /// Nil when an element cannot stand in the database.
    static func encoded<T: SQLValue>(_ values: [T]) -> [UInt8]? {
        var out = self.header(T.self, count: values.count, holdsNull: false)
        for value in values {
            guard self.append(value, to: &out) else { return nil }
        }
        return out
    }

    static func encoded<T: SQLValue>(_ values: [T?]) -> [UInt8]? {
        var out = self.header(T.self, count: values.count, holdsNull: values.contains { $0 == nil })
        for value in values {
            if let value {
                guard self.append(value, to: &out) else { return nil }
            } else {
                Int32(-1).append(to: &out)
            }
        }
        return out
    }

    private static func header<T: SQLValue>(_ type: T.Type, count: Int, holdsNull: Bool) -> [UInt8] {
        var out: [UInt8] = []
        out.reserveCapacity(20 + count * 20)
        Int32(count == 0 ? 0 : 1).append(to: &out)
        Int32(holdsNull ? 1 : 0).append(to: &out)
        T.typeID.append(to: &out)
        if count > 0 {
            Int32(count).append(to: &out)
            Int32(1).append(to: &out)
        }
        return out
    }

    private static func append(_ value: some SQLValue, to out: inout [UInt8]) -> Bool {
        let start = out.count
        Int32(0).append(to: &out)
        guard value.encode(into: &out) else { return false }
        withUnsafeBytes(of: Int32(out.count - start - 4).bigEndian) { out.replaceSubrange(start..<start + 4, with: $0) }
        return true
    }

    /// Nil when the bytes are no array of `T` with one dimension.
    static func decoded<T: SQLValue>(_ bytes: UnsafeRawBufferPointer, as type: T.Type = T.self) -> [T?]? {
        func integer(at offset: Int) -> Int? {
            guard offset + 4 <= bytes.count else { return nil }
            return Int(Int32(bigEndian: bytes.loadUnaligned(fromByteOffset: offset, as: Int32.self)))
        }
        guard let dimensions = integer(at: 0), let elementType = integer(at: 8).flatMap({ UInt32(exactly: $0) }), T.reads(elementType)
        else { return nil }
        guard dimensions == 1, let count = integer(at: 12) else { return dimensions == 0 ? [] : nil }
        var values: [T?] = []
        values.reserveCapacity(count)
        var offset = 20
        for _ in 0..<count {
            guard let length = integer(at: offset) else { return nil }
            offset += 4
            guard length >= 0 else {
                values.append(nil)
                continue
            }
            guard offset + length <= bytes.count,
                let value = T(decoding: UnsafeRawBufferPointer(rebasing: bytes[offset..<offset + length]), of: elementType)
            else { return nil }
            values.append(value)
            offset += length
        }
        return values
    }
}
