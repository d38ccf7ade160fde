internal import CJq
internal import Parley

/// A compiled jq program, on the one thread that made it: libjq's states must not be shared between threads.
final class JqMachine {
    /// What libjq says of a program: a sentence and the line it means.
    struct CompileError: Error, Hashable {
        var line: Int
        var message: String
    }

    /// Only `jq_halt` may be called on it from another thread, and only between `start` and the end of a run.
    let state: OpaquePointer

    init(_ program: String) throws(CompileFailure) {
        guard let state = jq_init() else { throw CompileFailure(errors: [CompileError(line: 1, message: "libjq has no memory")]) }
        let log = CompileLog()
        jq_set_error_cb(state, { CompileLog.append($1, to: $0) }, Unmanaged.passUnretained(log).toOpaque())
        let isCompiled = jq_compile(state, program) != 0
        jq_set_error_cb(state, { jv_free($1) }, nil)
        guard isCompiled else {
            var state: OpaquePointer? = state
            jq_teardown(&state)
            throw CompileFailure(errors: log.errors)
        }
        self.state = state
    }

    struct CompileFailure: Error { var errors: [CompileError] }

    deinit {
        var state: OpaquePointer? = self.state
        jq_teardown(&state)
    }

    func start(_ expression: Expression, on input: borrowing JqValue) { jq_start(self.state, input.indexed(expression.index), 0) }

    /// The next result, or nil after the last; a halted run ends with `.budgetExceeded`.
    func next(_ expression: Expression) throws(ExpressionFailure) -> JqValue? {
        let value = jq_next(self.state)
        if jv_get_kind(value) != JV_KIND_INVALID { return JqValue(taking: value) }
        guard jq_halted(self.state) == 0 else {
            jv_free(value)
            throw .budgetExceeded(expression)
        }
        guard jv_invalid_has_msg(jv_copy(value)) != 0 else {
            jv_free(value)
            return nil
        }
        let message = Self.text(jv_invalid_get_msg(value))
        // libjq has only words for it: the regular expression library gave up, which bounds one call (it cannot be halted).
        throw message.hasPrefix("Regex failure: retry-limit") ? .budgetExceeded(expression) : .raised(expression, message: message)
    }

    private static func text(_ message: jv) -> String {
        let message = JqValue(taking: jv_get_kind(message) == JV_KIND_STRING ? message : jv_dump_string(message, 0))
        var budget = 1_000_000
        return (try? message.json(budget: &budget))?.string ?? "an error without a text"
    }
}

/// Gathers what libjq says while it compiles.
private final class CompileLog {
    var errors: [JqMachine.CompileError] = []

    static func append(_ message: jv, to context: UnsafeMutableRawPointer?) {
        let value = JqValue(taking: message)
        var budget = 1_000_000
        guard let context, let text = (try? value.json(budget: &budget))?.string,
            let match = text.firstMatch(of: /^jq: error: (?<what>.*?) at <top-level>, line (?<line>\d+):/.dotMatchesNewlines())
        else { return }
        let what = match.what.replacing(" (Unix shell quoting issues?)", with: "")
        Unmanaged<CompileLog>.fromOpaque(context).takeUnretainedValue().errors.append(
            .init(line: Int(match.line) ?? 1, message: String(what))
        )
    }
}
