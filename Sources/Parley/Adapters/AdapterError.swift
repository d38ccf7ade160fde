/// An adapter failed at its own work. Fixed codes; `detail` names the place in the file, never message text or a secret.
package struct AdapterError: Error, Hashable, Sendable, CustomStringConvertible {
    package enum Code: String, Sendable {
        case budgetExceeded = "budget_exceeded", resultTooLarge = "result_too_large", badExpression = "bad_expression", badResult =
            "bad_result"
    }
    package var code: Code
    package var detail: String
    package init(_ code: Code, _ detail: String) {
        self.code = code
        self.detail = detail
    }

    package var description: String { "\(self.detail) (\(self.code.rawValue))" }
}
