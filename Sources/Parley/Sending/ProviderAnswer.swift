package import Foundation

/// What a provider answered to a whole request: at most 1 MB of it.
package struct ProviderAnswer: Hashable, Sendable {
    /// Of HTTP, or the reply code of SMTP, whose text is the body then.
    package var status: Int
    /// Names in lower case.
    package var headers: [String: String]
    package var body: [UInt8]
    /// When it came: what a date in Retry-After is counted from.
    package var at: Date
    package init(status: Int, headers: [String: String], body: [UInt8], at: Date = Date()) {
        self.status = status
        self.headers = headers
        self.body = body
        self.at = at
    }
}
