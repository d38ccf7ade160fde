internal import Parley

/// Judges patterns while a file is read, on the reader's own thread: jq bounds what one search may try.
final class PatternJudge {
    private lazy var machine = try? JqMachine(PatternProgram.set.program)

    /// Whether `text` holds what `pattern` asks for.
    ///
    /// - Throws: `.raised` for what is no regular expression, with libjq's words for why.
    func matches(_ text: String, _ pattern: String) throws(ExpressionFailure) -> Bool {
        let expression = PatternProgram.expression
        guard let machine = self.machine else { throw .raised(expression, message: "does not compile") }
        machine.start(expression, on: JqValue(PatternProgram.input(text, pattern)))
        guard let found = try machine.next(expression) else { return false }
        var budget = 8
        return (try? found.json(budget: &budget)) == true
    }
}
