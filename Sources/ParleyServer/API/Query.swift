/// The query parameters of one request: each once, and none that its route does not name.
struct Query: Sendable {
    private let values: [String: String]

    /// - Parameter names: the parameters that the route takes.
    init(_ request: IncomingRequest, of names: Set<String>) throws(Problem) {
        var values: [String: String] = [:]
        var seen: Set<String> = []
        var errors: [Problem.Field] = []
        for (name, value) in request.queryItems {
            if !seen.insert(name).inserted {
                errors.append(Problem.Field(pointer: name, code: "duplicate_parameter", detail: "Given twice."))
            } else if !names.contains(name) {
                errors.append(Problem.Field(pointer: name, code: "unknown_parameter", detail: "There is no such parameter."))
            } else {
                values[name] = value
            }
        }
        guard errors.isEmpty else { throw .invalid(errors) }
        self.values = values
    }

    subscript(name: String) -> String? { self.values[name] }

    func others(than names: Set<String>) -> [String: String] { self.values.filter { !names.contains($0.key) } }
}
