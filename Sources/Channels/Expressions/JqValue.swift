internal import CJq
internal import Parley

/// A `jv`, libjq's counted JSON value: freed exactly once because it cannot be copied.
struct JqValue: ~Copyable {
    private let value: jv

    init(taking value: jv) { self.value = value }

    /// Integers that a double cannot hold become text, so that no id changes on its way through jq 1.6, which computes in doubles.
    init(_ json: JSON) {
        switch json {
        case .null: self.value = jv_null()
        case .bool(let value): self.value = jv_bool(value ? 1 : 0)
        case .number(let text):
            let number = Double(text) ?? .nan
            let isWhole = text.utf8.allSatisfy { $0 == UInt8(ascii: "-") || ($0 >= 0x30 && $0 <= 0x39) }
            self.value = isWhole && abs(number) > 9_007_199_254_740_992 ? Self.string(text) : jv_number(number)
        case .string(let text): self.value = Self.string(text)
        case .array(let items):
            var array = jv_array_sized(Int32(items.count))
            for item in items { array = jv_array_append(array, JqValue(item).release()) }
            self.value = array
        case .object(let members):
            var object = jv_object()
            for (name, member) in members { object = jv_object_set(object, Self.string(name), JqValue(member).release()) }
            self.value = object
        }
    }

    deinit { jv_free(self.value) }

    /// Another count of the same value, for a call that takes one.
    borrowing func share() -> jv { jv_copy(self.value) }

    consuming func release() -> jv {
        let value = self.value
        discard self
        return value
    }

    /// The same object with one more member.
    borrowing func with(_ name: String, _ member: JSON) -> JqValue {
        JqValue(taking: jv_object_set(self.share(), Self.string(name), JqValue(member).release()))
    }

    /// `[index, value]`: what a compiled set takes in.
    borrowing func indexed(_ index: Int) -> jv { jv_array_append(jv_array_append(jv_array(), jv_number(Double(index))), self.share()) }

    private static func string(_ text: String) -> jv {
        var text = text
        return text.withUTF8 { bytes in
            bytes.withMemoryRebound(to: CChar.self) { jv_string_sized($0.baseAddress ?? UnsafePointer(bitPattern: 1), Int32($0.count)) }
        }
    }
}

extension JqValue {
    /// Why a result is not taken.
    enum Excess: Error { case tooLarge, tooDeep }

    /// The value as JSON; `budget` counts its bytes down: a number is eight, a member and an item two more than what they hold.
    borrowing func json(budget: inout Int) throws(Excess) -> JSON { try Self.read(self.share(), depth: 100, budget: &budget) }

    private static func read(_ value: jv, depth: Int, budget: inout Int) throws(Excess) -> JSON {
        let owned = JqValue(taking: value)
        guard depth > 0 else { throw .tooDeep }
        switch jv_get_kind(value) {
        case JV_KIND_FALSE: return false
        case JV_KIND_TRUE: return true
        case JV_KIND_NUMBER:
            try self.spend(8, of: &budget)
            return self.number(jv_number_value(value))
        case JV_KIND_STRING: return .string(try self.text(owned.share(), budget: &budget))
        case JV_KIND_ARRAY:
            let count = jv_array_length(owned.share())
            try self.spend(2 * Int(count), of: &budget)
            var items: [JSON] = []
            for index in 0..<count {
                items.append(try self.read(jv_array_get(owned.share(), index), depth: depth - 1, budget: &budget))
            }
            return .array(items)
        case JV_KIND_OBJECT:
            var members: [String: JSON] = [:]
            var position = jv_object_iter(value)
            while jv_object_iter_valid(value, position) != 0 {
                try self.spend(2, of: &budget)
                let name = try self.text(jv_object_iter_key(value, position), budget: &budget)
                members[name] = try self.read(jv_object_iter_value(value, position), depth: depth - 1, budget: &budget)
                position = jv_object_iter_next(value, position)
            }
            return .object(members)
        default: return .null
        }
    }

    private static func text(_ value: jv, budget: inout Int) throws(Excess) -> String {
        let owned = JqValue(taking: value)
        let count = Int(jv_string_length_bytes(owned.share()))
        try self.spend(count, of: &budget)
        let bytes = UnsafeRawBufferPointer(start: jv_string_value(value), count: count)
        return String(decoding: bytes, as: UTF8.self)
    }

    private static func number(_ value: Double) -> JSON {
        if let whole = Int64(exactly: value) { return .integer(whole) }
        return value.isFinite ? .number("\(value)") : .null
    }

    private static func spend(_ count: Int, of budget: inout Int) throws(Excess) {
        budget -= count
        guard budget >= 0 else { throw .tooLarge }
    }
}
