package import HTTPTypes
package import Parley

/// An answer that is an error: `application/problem+json`, with a `code` that never changes its meaning.
///
/// Source: RFC 9457.
package struct Problem: Error, Sendable {
    /// What is wrong with one place of the request.
    package struct Field: Hashable, Sendable {
        /// A JSON pointer (RFC 6901) into the body, or the name of a query parameter.
        package var pointer: String
        package var code: String
        package var detail: String
        package init(pointer: String, code: String, detail: String) {
            self.pointer = pointer
            self.code = code
            self.detail = detail
        }
    }

    package var status: Int
    package var code: String
    package var title: String
    /// For the caller: never a secret, never another workspace's data.
    package var detail: String
    package var errors: [Field]
    package var headers: HTTPFields

    package init(
        _ status: Int,
        _ code: String,
        _ title: String,
        detail: String = "",
        errors: [Field] = [],
        headers: HTTPFields = [:]
    ) {
        self.status = status
        self.code = code
        self.title = title
        self.detail = detail
        self.errors = errors
        self.headers = headers
    }

    package func json(instance: String?, requestID: String) -> JSON {
        var members: [String: JSON] = [
            "type": .string("urn:parley:problem:\(self.code)"),
            "title": .string(self.title),
            "status": .integer(self.status),
            "detail": .string(self.detail.isEmpty ? self.title : self.detail),
            "code": .string(self.code),
            "request_id": .string(requestID),
            "errors": .array(
                self.errors.map {
                    ["pointer": .string($0.pointer), "code": .string($0.code), "detail": .string($0.detail)]
                }
            ),
        ]
        if let instance { members["instance"] = .string(instance) }
        return .object(members)
    }
}

extension Problem {
    /// For a terminal: each place with what is wrong there.
    var lines: [String] {
        guard self.errors.isEmpty else { return self.errors.map { "\($0.pointer.dropFirst()): \($0.detail)" } }
        return [self.detail.isEmpty ? self.title : self.detail]
    }
}

// MARK: - The problems that many places share

extension Problem {
    package static func badRequest(_ detail: String) -> Problem { Problem(400, "bad_request", "Bad request", detail: detail) }
    /// One text for a foreign id and for one that never was (B8).
    package static let notFound = Problem(404, "not_found", "Not found", detail: "There is no such resource.")
    package static func methodNotAllowed(_ allowed: [String]) -> Problem {
        Problem(
            405,
            "method_not_allowed",
            "Method not allowed",
            detail: "Allowed here: \(allowed.joined(separator: ", ")).",
            headers: [.allow: allowed.joined(separator: ", ")]
        )
    }
    package static let bodyTooLarge = Problem(413, "body_too_large", "Body too large")
    package static let unsupportedMediaType = Problem(
        415,
        "unsupported_media_type",
        "Unsupported media type",
        detail: "Send application/json."
    )
    package static let notAcceptable = Problem(406, "not_acceptable", "Not acceptable", detail: "This answers application/json.")
    /// - Parameter isInDoubt: it may have been done all the same.
    package static func unavailable(_ code: String, retryAfter seconds: Int = 2, isInDoubt: Bool = false) -> Problem {
        Problem(
            503,
            code,
            "Temporarily unavailable",
            detail: isInDoubt
                ? "Nobody knows whether this was stored. Look before sending it again; with an Idempotency-Key that is safe."
                : "Nothing was stored. Try again after the seconds in Retry-After.",
            headers: [.retryAfter: String(seconds)]
        )
    }
    package static let `internal` = Problem(500, "internal", "Internal error", detail: "The log has the cause under this request_id.")

    /// 422 with one wrong place.
    package static func invalid(_ pointer: String, _ code: String, _ detail: String) -> Problem {
        .invalid([Field(pointer: pointer, code: code, detail: detail)])
    }
    /// 422; the first place's code is the answer's code.
    package static func invalid(_ errors: [Field]) -> Problem {
        Problem(422, errors.first?.code ?? "invalid", "Invalid request", detail: errors.first?.detail ?? "", errors: errors)
    }
}
