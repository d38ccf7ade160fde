internal import Parley
internal import Yams

/// Gathers the expressions of one file while it is read, and compiles them all at its end.
final class ExpressionCollector {
    private struct Source {
        var scalar: Node.Scalar
        var place: String
    }

    private let file: YAMLFile
    private var functions = ""
    private var functionsNode: Node.Scalar?
    private var sources: [Source] = []
    private(set) var expressions: [Expression] = []

    init(_ file: YAMLFile) { self.file = file }

    func define(_ node: Node) {
        guard case .scalar(let scalar) = node else { return self.file.report(node, "expected jq definitions") }
        self.functions = scalar.string
        self.functionsNode = scalar
        self.scan(scalar)
    }

    /// Takes `node` in as a program. `name` says what it is: `routes.message.inbound`.
    func add(_ node: Node, _ name: String) -> Expression? {
        guard case .scalar(let scalar) = node else {
            self.file.report(node, "expected a jq expression")
            return nil
        }
        guard self.scan(scalar) else { return nil }
        let place = "\(self.file.name):\(scalar.mark?.line ?? 1):\(scalar.mark?.column ?? 1) (\(name))"
        self.sources.append(Source(scalar: scalar, place: place))
        let expression = Expression(index: self.sources.count - 1, place: place, readsBody: self.readsBody(scalar.string))
        self.expressions.append(expression)
        return expression
    }

    /// Whoever reads the body has to say one of its names, or calls a function that may.
    private func readsBody(_ source: String) -> Bool {
        let defined = Set(self.functions.matches(of: /def\s+([A-Za-z_]\w*)/).map { String($0.1) })
        let words = source.split { !$0.isLetter && !$0.isNumber && $0 != "_" }.map(String.init)
        return words.contains { RequestInput.bodyNames.contains($0) || defined.contains($0) }
    }

    @discardableResult private func scan(_ scalar: Node.Scalar) -> Bool {
        do {
            _ = try ExpressionScanner.words(of: scalar.string)
            return true
        } catch {
            self.report(scalar, offset: error.offset, error.message)
            return false
        }
    }

    private func report(_ scalar: Node.Scalar, offset: Int, _ message: String) {
        let location = self.file.location(of: offset, in: scalar)
        self.file.report(line: location.line, column: location.column, message)
    }

    /// Compiles everything that was added; reports and returns nil when libjq takes it not.
    func compile() -> ExpressionSet? {
        let set = ExpressionSet(functions: self.functions, sources: self.sources.map { ($0.scalar.string, $0.place) })
        if (try? JqMachine(set.program)) != nil { return set }
        if let scalar = self.functionsNode, !self.judge(scalar, ".", functions: "", asDefinitions: true) { return nil }
        for source in self.sources { self.judge(source.scalar, source.scalar.string, functions: self.functions) }
        if self.file.diagnostics.isEmpty { self.file.report(line: 1, column: 1, "the expressions do not compile together") }
        return nil
    }

    /// Compiles one program alone, to say what libjq has against it.
    @discardableResult private func judge(_ scalar: Node.Scalar, _ source: String, functions: String, asDefinitions: Bool = false) -> Bool {
        let text = asDefinitions ? scalar.string + "\n." : source
        let (program, first) = ExpressionSet.alone(text, functions: functions)
        do {
            _ = try JqMachine(program)
            return true
        } catch {
            for error in error.errors {
                self.report(scalar, offset: self.offset(of: error, in: scalar.string, from: first), error.message)
            }
            return false
        }
    }

    /// libjq tells the line only; when it names a word, that word's place is the error's.
    private func offset(of error: JqMachine.CompileError, in source: String, from first: Int) -> Int {
        let lines = source.split(separator: "\n", omittingEmptySubsequences: false)
        let row = min(max(0, error.line - first), lines.count - 1)
        let start = lines.prefix(row).reduce(0) { $0 + $1.utf8.count + 1 }
        let end = start + lines[row].utf8.count
        guard let named = error.message.firstMatch(of: /^(?<name>\$?[A-Za-z_]\w*)(?:\/\d+)? is not defined/)?.name,
            let word = (try? ExpressionScanner.words(of: source))?.first(where: {
                $0.name == named && $0.offset >= start && $0.offset < end
            })
        else { return start + lines[row].prefix { $0 == " " }.utf8.count }
        return word.offset
    }
}
