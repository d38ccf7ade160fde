/// One HTTP request to a provider. Holds secrets in headers: never logged.
package struct HTTPCall: Hashable, Sendable {
    package var method: String
    package var url: String
    /// Names in lower case.
    package var headers: [String: String]
    package var body: [UInt8]
    package init(method: String, url: String, headers: [String: String], body: [UInt8]) {
        self.method = method
        self.url = url
        self.headers = headers
        self.body = body
    }
}
