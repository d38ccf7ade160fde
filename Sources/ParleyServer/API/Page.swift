import Channels
import Foundation
import Parley

/// Which part of a list is asked for: `limit` and `cursor`, and the filters the cursor belongs to.
struct Page: Sendable {
    static let standardLimit = 50
    var limit: Int
    /// The last item of the page before; nil for the first page.
    var after: UUID?
    var filters: [String: String]
    private let cursors: Cursors
    private let scope: String

    /// What every list takes.
    static let parameters: Set = ["limit", "cursor"]

    /// - Parameter scope: what makes a cursor of one list worthless in another: the workspace and the list's path.
    init(_ query: Query, scope: String, cursors: Cursors) throws(Problem) {
        guard let limit = query["limit"].map(Int.init) ?? Self.standardLimit, 1...200 ~= limit else {
            throw .invalid("limit", "invalid_limit", "A number from 1 to 200.")
        }
        self.limit = limit
        self.filters = query.others(than: Self.parameters)
        for (name, value) in self.filters where value.unicodeScalars.contains(where: { $0.value < 0x20 || $0.value == 0x7f }) {
            throw .invalid(name, "control_character", "Must hold no control characters.")
        }
        self.cursors = cursors
        self.scope = scope + self.filters.sorted { $0.key < $1.key }.map { "\u{0}\($0.key)\u{0}\($0.value)" }.joined()
        if let cursor = query["cursor"] {
            guard let after = cursors.open(cursor, for: self.scope) else {
                throw Problem(400, "bad_cursor", "Bad cursor", detail: "Take nextCursor of the page before, with the same filters.")
            }
            self.after = after
        }
    }

    /// A filter that is an id; a text that is none is refused.
    func id<Entity>(_ name: String, as type: Identifier<Entity>.Type = Identifier<Entity>.self) throws(Problem) -> Identifier<Entity>? {
        guard let text = self.filters[name] else { return nil }
        guard let id = Identifier<Entity>(text) else { throw .invalid(name, "invalid_id", "Must be an id.") }
        return id
    }

    func choice<T: RawRepresentable & CaseIterable>(_ name: String, of type: T.Type = T.self) throws(Problem) -> T?
    where T.RawValue == String {
        guard let text = self.filters[name] else { return nil }
        if let choice = T.allCases.first(where: { $0.rawValue == text }) { return choice }
        throw .invalid(name, "invalid_choice", "One of \(T.allCases.map(\.rawValue).joined(separator: ", ")).")
    }

    /// Of a list that is short enough to be had whole: its items have an `id`, or a `name` that is one.
    func answer(whole items: [JSON]) -> JSON {
        let start = self.after.map { after in items.firstIndex { Self.key($0) == after }.map { $0 + 1 } ?? items.count } ?? 0
        return self.answer(Array(items[start...].prefix(self.limit + 1)), id: Self.key, json: \.self)
    }

    private static func key(_ item: JSON) -> UUID {
        let digest = Crypto.sha256(((item["id"] ?? item["name"])?.string ?? "").utf8)
        return digest.withUnsafeBytes { UUID(uuid: $0.loadUnaligned(as: uuid_t.self)) }
    }

    /// - Parameter items: up to `limit` + 1 of them; the one too many tells that there is more.
    func answer<Item>(_ items: [Item], id: (Item) -> UUID, json: (Item) -> JSON) -> JSON {
        let shown = items.prefix(self.limit)
        let next = items.count > self.limit ? shown.last.map { self.cursors.seal(id($0), for: self.scope) } : nil
        return ["data": .array(shown.map(json)), "nextCursor": next.map(JSON.string) ?? .null]
    }
}

/// Makes cursors that only we can make: the id of an item, and a MAC over it and over the list it stands in (B35, B36).
struct Cursors: Sendable {
    /// The same in every process.
    let keys: TokenKeys

    func seal(_ id: UUID, for scope: String) -> String {
        let bytes = withUnsafeBytes(of: id.uuid) { Array($0) }
        return Base64.encodeURL(bytes + self.keys.mac(bytes + Array(scope.utf8), length: 16))
    }

    func open(_ text: String, for scope: String) -> UUID? {
        guard let bytes = Base64.decodeURL(text), bytes.count == 32,
            self.keys.verify(bytes[16...], of: bytes[..<16] + Array(scope.utf8), length: 16)
        else { return nil }
        return bytes.withUnsafeBytes { UUID(uuid: $0.loadUnaligned(as: uuid_t.self)) }
    }
}
