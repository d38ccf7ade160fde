/// Why an expression gave no result.
enum ExpressionFailure: Error, Hashable {
    /// The program raised an error on this input. `message` may quote the input: for authors, never for logs.
    case raised(Expression, message: String)
    /// It took more than its time.
    case budgetExceeded(Expression)
    /// Its results are larger or deeper than may be.
    case tooLarge(Expression)
    /// It yields more results than may be.
    case tooMany(Expression)
}
