internal import Parley

/// Reads what `outbound.outcome` yields, one of
///
///     {accepted: id or true}
///     {retry: "throttled" | "unreachable" | "failing", after: seconds}
///     {refused: "invalid_recipient" | "contact_stopped" | "credentials" | "content" | "policy" | "rejected", code, detail}
///     {ambiguous: reason}
enum OutcomeReader {
    static let badResponse = "provider_bad_response"

    /// - Parameter secrets: texts that must not leave in a detail, should the provider repeat one.
    static func outcome(_ value: JSON, secrets: [String]) throws(ResultReader.Problem) -> SendOutcome {
        var reader = try ResultReader(value)
        let outcome = try self.outcome(&reader, secrets: secrets)
        try reader.finish()
        return outcome
    }

    private static func outcome(_ reader: inout ResultReader, secrets: [String]) throws(ResultReader.Problem) -> SendOutcome {
        if let accepted = reader.value("accepted") {
            return .accepted(externalID: accepted == true ? nil : try reader.needed("accepted"))
        }
        if let reason = try reader.word("retry", of: RetryReason.self) {
            return .retry(reason: reason, after: reader.value("after")?.double)
        }
        if let reason = try reader.word("refused", of: RefusalReason.self) {
            let code = try reader.text("code")
            return .refused(reason: reason, code: code, detail: self.clean(try reader.text("detail") ?? "", of: secrets))
        }
        if let reason = try reader.text("ambiguous") { return .ambiguous(reason: self.clean(reason, of: secrets)) }
        throw .init(detail: "none of accepted, retry, refused, ambiguous")
    }

    private static func clean(_ detail: String, of secrets: [String]) -> String {
        String(secrets.reduce(detail) { $0.replacing($1, with: "[redacted]") }.prefix(500))
    }

    /// What an answer means of which the file says nothing.
    static func usual(_ status: Int, retryAfter: Double?) -> SendOutcome {
        switch status {
        case 429: .retry(reason: .throttled, after: retryAfter)
        case 401, 403: .refused(reason: .credentials, code: String(status), detail: "")
        case 400..<500: .refused(reason: .rejected, code: String(status), detail: "")
        case 500...: .ambiguous(reason: "provider_error")
        default: .ambiguous(reason: self.badResponse)
        }
    }
}
