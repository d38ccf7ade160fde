internal import Parley

/// Searches a text for a regular expression, by jq's `test`: what is slow ends with the budget that every expression has.
enum PatternProgram {
    /// One program for all patterns: they are part of its input.
    static let set = ExpressionSet(
        functions: "",
        sources: [(".pattern as $pattern | .text | test($pattern)", "the pattern of a setting")]
    )
    static var expression: Expression { self.set.expressions[0] }

    static func input(_ text: String, _ pattern: String) -> JSON { ["text": .string(text), "pattern": .string(pattern)] }
}

extension ExpressionEngine {
    /// Whether `text` holds what `pattern` asks for.
    ///
    /// - Throws: `.budgetExceeded` when that could not be found out in time; `.badExpression` for what is no regular expression.
    func matches(_ text: String, _ pattern: String, for owner: ExpressionOwner) async throws(AdapterError) -> Bool {
        try await self.run(for: owner) { thread throws(AdapterError) in
            let evaluation = Evaluation(of: PatternProgram.set, over: PatternProgram.input(text, pattern), on: thread)
            return try DeclarativeAdapter.mapped { () throws(ExpressionFailure) in try evaluation.first(PatternProgram.expression) } == true
        }
    }
}
