internal import Parley

/// The expressions of one adapter over one input, on an engine thread.
final class Evaluation {
    private let thread: ExpressionThread
    private let set: ExpressionSet
    private let input: JqValue

    init(of set: ExpressionSet, over input: JSON, on thread: ExpressionThread) {
        self.thread = thread
        self.set = set
        self.input = JqValue(input)
    }

    private init(of set: ExpressionSet, over input: consuming JqValue, on thread: ExpressionThread) {
        self.thread = thread
        self.set = set
        self.input = input
    }

    /// The same over an input that has these members as well.
    func adding(_ members: [String: JSON]) -> Evaluation {
        Evaluation(of: self.set, over: self.input(with: members), on: self.thread)
    }

    private func input(with members: [String: JSON]) -> JqValue {
        var input = JqValue(taking: self.input.share())
        for (name, member) in members { input = input.with(name, member) }
        return input
    }

    /// All results; `more` are members added to the input for this expression.
    func results(_ expression: Expression, limit: Int = 20, with more: [String: JSON] = [:]) throws(ExpressionFailure) -> [JSON] {
        guard !more.isEmpty else { return try self.thread.results(of: expression, in: self.set, on: self.input, limit: limit) }
        return try self.thread.results(of: expression, in: self.set, on: self.input(with: more), limit: limit)
    }

    /// The first result, nil when there is none or it is null.
    func first(_ expression: Expression, with more: [String: JSON] = [:]) throws(ExpressionFailure) -> JSON? {
        try self.results(expression, with: more).first { $0 != .null }
    }
}

extension Result where Failure == ExpressionFailure {
    /// What an expression is taken for that raised an error, or yields more than may be, on this input: in a verification, that it does not
    /// verify. What a stranger sends is no failure of the adapter.
    func orWhenUnusable(_ value: Success) throws(AdapterError) -> Success {
        switch self {
        case .success(let value): return value
        case .failure(.raised), .failure(.tooLarge), .failure(.tooMany): return value
        case .failure(.budgetExceeded(let expression)): throw ExpressionFailure.budgetExceeded(expression).error
        }
    }
}

extension ExpressionFailure {
    /// For the house: says where, never what the input was.
    var error: AdapterError {
        switch self {
        case .raised(let expression, _): AdapterError(.badExpression, "\(expression.place) raised an error")
        case .budgetExceeded(let expression): AdapterError(.budgetExceeded, "\(expression.place) took more than its time")
        case .tooLarge(let expression):
            AdapterError(.resultTooLarge, "\(expression.place) yields more than may be")
        case .tooMany(let expression): AdapterError(.badResult, "\(expression.place) yields too many results")
        }
    }
}
