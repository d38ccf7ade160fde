/// Why a text is no JSON that we take. `code` is the API's (B10–B16).
package struct JSONError: Error, Hashable, Sendable {
    package enum Code: String, Sendable, CaseIterable {
        case malformed = "malformed_json", tooDeep = "too_deep", tooMany = "too_many_values", number = "invalid_number"
    }
    package var code: Code
    /// Bytes from the start of the text.
    package var offset: Int
    package var detail: String

    package init(code: Code, offset: Int, detail: String) {
        self.code = code
        self.offset = offset
        self.detail = detail
    }
}
