/// The answer a provider expects.
package struct HookAnswer: Hashable, Sendable, Codable {
    package var status: Int
    package var headers: [String: String]
    package var body: String
    package init(status: Int = 200, headers: [String: String] = [:], body: String = "") {
        self.status = status
        self.headers = headers
        self.body = body
    }
}
