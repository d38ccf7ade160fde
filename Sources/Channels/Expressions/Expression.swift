/// One jq program of an adapter file, by its place in the file's `ExpressionSet`.
struct Expression: Hashable, Sendable {
    let index: Int
    /// What it is for and where it stands: `channels/twilio/adapter.yaml:17:16 (routes.message.inbound)`. Safe to show and to log.
    let place: String
    /// Whether it may look at what was made of a request's body, and not only at its head and the bytes.
    var readsBody = true
}

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
