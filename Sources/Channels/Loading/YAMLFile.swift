internal import Parley
internal import Yams

/// One parsed YAML file that remembers what is wrong with it: reading goes on after a mistake, so that all are told at once.
final class YAMLFile {
    static let maxBytes = 262_144
    static let maxNodes = 20_000
    static let maxAliases = 32

    let name: String
    private let lines: [Substring]
    private(set) var diagnostics: Set<Diagnostic> = []

    init(name: String, text: String) {
        self.name = name
        self.lines = text.split(separator: "\n", omittingEmptySubsequences: false)
    }

    /// The document, or nil when the text is no YAML or more than may be.
    func root(of text: String) -> Node? {
        guard text.utf8.count <= Self.maxBytes else {
            self.report(line: 1, column: 1, "budget_exceeded: a file holds at most \(Self.maxBytes) bytes")
            return nil
        }
        // Yams hashes a mapping's keys while it reads, with all that an alias stands for: what so few can stand for is soon hashed.
        guard text.matches(of: /(?:^|[\s\[{,:?-])\*[\w-]+/).count <= Self.maxAliases else {
            self.report(line: 1, column: 1, "budget_exceeded: a file holds at most \(Self.maxAliases) aliases")
            return nil
        }
        do {
            guard let node = try Yams.compose(yaml: text) else {
                self.report(line: 1, column: 1, "the file is empty")
                return nil
            }
            var budget = Self.maxNodes
            guard Self.spend(node, &budget) else {
                self.report(
                    line: 1,
                    column: 1,
                    "budget_exceeded: more than \(Self.maxNodes) nodes, aliases counted each time they are used"
                )
                return nil
            }
            return node
        } catch {
            self.report(error)
            return nil
        }
    }

    private static func spend(_ node: Node, _ budget: inout Int) -> Bool {
        budget -= 1
        guard budget > 0 else { return false }
        switch node {
        case .mapping(let mapping): return mapping.allSatisfy { self.spend($0.key, &budget) && self.spend($0.value, &budget) }
        case .sequence(let items): return items.allSatisfy { self.spend($0, &budget) }
        default: return true
        }
    }

    func report(_ node: Node, _ message: String) {
        self.report(line: node.mark?.line ?? 1, column: node.mark?.column ?? 1, message)
    }

    func report(line: Int, column: Int, _ message: String) {
        self.diagnostics.insert(Diagnostic(file: self.name, line: line, column: column, message: message))
    }

    private func report(_ error: any Error) {
        switch error as? YamlError {
        case .scanner(_, let problem, let mark, _), .parser(_, let problem, let mark, _), .composer(_, let problem, let mark, _):
            self.report(line: mark.line, column: mark.column, problem)
        case .duplicatedKeysInMapping(let duplicates, let context):
            self.report(
                line: context.mark.line,
                column: context.mark.column,
                "duplicate keys: \(duplicates.map { "'\($0)'" }.joined(separator: ", "))"
            )
        default: self.report(line: 1, column: 1, "not readable as YAML")
        }
    }

    /// Where byte `offset` of a scalar's text stands in the file.
    ///
    /// A literal block keeps its lines, a quoted or plain text on one line its columns; of folded text only the beginning is known.
    func location(of offset: Int, in scalar: Node.Scalar) -> (line: Int, column: Int) {
        guard let mark = scalar.mark else { return (1, 1) }
        let before = scalar.string.utf8.prefix(offset)
        let line = before.count { $0 == UInt8(ascii: "\n") }
        let column =
            before.count - (before.lastIndex(of: UInt8(ascii: "\n")).map { before.distance(from: before.startIndex, to: $0) + 1 } ?? 0)
        switch scalar.style {
        case .literal:
            let row = mark.line + line
            let indent = row < self.lines.count + 1 && row >= 1 ? self.indent(ofBlockAt: mark.line) : 0
            return (row + 1, indent + column + 1)
        case .singleQuoted, .doubleQuoted: return (mark.line, mark.column + 1 + (line == 0 ? column : 0))
        default: return (mark.line, mark.column + (line == 0 ? column : 0))
        }
    }

    /// Spaces before the first line that is not empty after line `line`.
    private func indent(ofBlockAt line: Int) -> Int {
        let first = self.lines.dropFirst(line).first { !$0.allSatisfy { $0 == " " } }
        return first.map { $0.prefix { $0 == " " }.count } ?? 0
    }
}
