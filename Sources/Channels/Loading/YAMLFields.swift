internal import Parley
internal import Yams

/// The members of one mapping, each taken by name; what nobody takes is reported as unknown when the reading ends.
final class YAMLFields {
    let file: YAMLFile
    let node: Node
    private let members: [(key: Node, value: Node)]
    private var known: [String] = []

    /// Reports when the node is no mapping, and reads on as if it were empty.
    init(_ node: Node, in file: YAMLFile) {
        self.file = file
        self.node = node
        if case .mapping(let mapping) = node {
            self.members = mapping.map { ($0.key, $0.value) }
        } else {
            self.members = []
            file.report(node, "expected a mapping")
        }
    }

    var names: [String] { self.members.compactMap { $0.key.string } }

    /// The member, if it is there.
    func optional(_ name: String) -> Node? {
        self.known.append(name)
        guard let value = self.members.first(where: { $0.key.string == name })?.value else { return nil }
        if case .scalar(let scalar) = value, value.tag.description == Tag.Name.null.rawValue || scalar.string.isEmpty { return nil }
        return value
    }

    func required(_ name: String) -> Node? {
        if let node = self.optional(name) { return node }
        self.file.report(self.node, "'\(name)' is missing")
        return nil
    }

    func text(_ name: String) -> String? { self.optional(name).flatMap { self.file.text($0) } }
    func fields(_ name: String) -> YAMLFields? { self.optional(name).map { YAMLFields($0, in: self.file) } }

    func number(_ name: String, in range: ClosedRange<Double>) -> Double? {
        guard let node = self.optional(name) else { return nil }
        guard let value = node.scalar?.string, let number = Double(value), range.contains(number) else {
            self.file.report(node, "expected a number from \(range.lowerBound) to \(range.upperBound)")
            return nil
        }
        return number
    }

    func flag(_ name: String) -> Bool? {
        guard let node = self.optional(name) else { return nil }
        if node.bool == nil { self.file.report(node, "expected true or false") }
        return node.bool
    }

    /// One word of a closed set.
    func choice<Value: RawRepresentable & CaseIterable>(_ name: String, of type: Value.Type) -> Value? where Value.RawValue == String {
        self.optional(name).flatMap { self.file.choice($0, of: type) }
    }

    /// Reports every member that nobody asked for. To be called last.
    func finish() {
        for (key, _) in self.members where !self.known.contains(key.string ?? "") {
            let name = key.string ?? "?"
            self.file.report(key, "unknown key '\(name)'\(name.suggestion(of: self.known))")
        }
    }
}

extension YAMLFile {
    func text(_ node: Node) -> String? {
        guard case .scalar(let scalar) = node else {
            self.report(node, "expected a text")
            return nil
        }
        return scalar.string
    }

    func choice<Value: RawRepresentable & CaseIterable>(_ node: Node, of type: Value.Type) -> Value? where Value.RawValue == String {
        guard let text = self.text(node) else { return nil }
        if let value = Value(rawValue: text) { return value }
        let words = Value.allCases.map(\.rawValue)
        let hint = text.closest(of: words).map { ", did you mean '\($0)'?" } ?? "; one of \(words.joined(separator: ", "))"
        self.report(node, "unknown word '\(text)'\(hint)")
        return nil
    }

    /// The items of a list, or the one node itself.
    func items(_ node: Node) -> [Node] {
        if case .sequence(let items) = node { return Array(items) }
        return [node]
    }

    /// The node as a JSON value: what YAML's core schema makes of its scalars.
    func json(_ node: Node) -> JSON {
        switch node {
        case .mapping(let mapping):
            return .object(Dictionary(mapping.map { ($0.key.string ?? "", self.json($0.value)) }) { _, last in last })
        case .sequence(let items): return .array(items.map { self.json($0) })
        default:
            guard case .scalar(let scalar) = node, scalar.style == .plain || scalar.style == .any else { return .string(node.string ?? "") }
            switch node.tag.description {
            case Tag.Name.null.rawValue: return nil
            case Tag.Name.bool.rawValue: return .bool(node.bool ?? false)
            case Tag.Name.int.rawValue: return node.int.map { .integer($0) } ?? .string(scalar.string)
            case Tag.Name.float.rawValue: return node.float.map { $0.isFinite ? .number("\($0)") : .null } ?? .string(scalar.string)
            default: return .string(scalar.string)
            }
        }
    }
}
