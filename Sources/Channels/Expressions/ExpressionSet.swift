/// All jq programs of one adapter file, compiled as one.
///
/// libjq parses its whole library anew for each program it compiles (14 ms with jq 1.6), so an adapter's expressions become one program
/// that picks a branch by number: one compilation for an adapter and thread, and as many states to keep.
final class ExpressionSet: Sendable {
    let expressions: [Expression]
    let program: String

    /// Stands before every program. Repeating a text is the one operator that makes gigabytes within a single call, where no deadline can
    /// stop it; and `$ENV` is empty even if the scanner should ever overlook it.
    private static let prelude = """
        def __multiply(a; b): a * b;
        def _multiply(a; b): b as $b | a as $a
          | if ($a | type) == "string" or ($b | type) == "string" then error("a text cannot be multiplied") else __multiply($a; $b) end;
        null as $ENV |
        """

    /// - Parameters:
    ///   - functions: `def …;` definitions that every expression may use.
    ///   - sources: the programs, judged by `ExpressionScanner` before.
    init(functions: String, sources: [(source: String, place: String)]) {
        self.expressions = sources.enumerated().map { Expression(index: $0.offset, place: $0.element.place) }
        let branches = sources.enumerated().map { "if $__number == \($0.offset) then (\n\($0.element.source)\n) else " }.joined()
        let ends = String(repeating: " end", count: sources.count)
        self.program = "\(Self.prelude)\n.[0] as $__number | .[1] |\n\(functions)\n\(branches)empty\(ends)"
    }

    /// The program that holds one expression alone, to find out what libjq has against it, and the line on which its source begins.
    static func alone(_ source: String, functions: String) -> (program: String, line: Int) {
        let head = "\(Self.prelude)\n\(functions)\n("
        return ("\(head)\n\(source)\n)", head.count { $0 == "\n" } + 2)
    }
}
