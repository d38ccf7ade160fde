internal import Parley

/// Reads `{status, type, body, json}`, the answer that a handshake or an `answer` expression yields.
enum AnswerReader {
    static func answer(_ value: JSON, of expression: Expression) throws(AdapterError) -> HookAnswer {
        do throws(ResultReader.Problem) {
            var reader = try ResultReader(value)
            let status = reader.value("status").map { $0.int ?? 0 } ?? 200
            let json = reader.value("json")
            let type = try reader.text("type") ?? (json == nil ? "text/plain; charset=utf-8" : "application/json")
            let body = try reader.text("body") ?? json?.text ?? ""
            try reader.finish()
            guard (200...599).contains(status), !type.contains(where: \.isNewline) else {
                throw ResultReader.Problem(detail: "no such answer")
            }
            return HookAnswer(status: status, headers: ["content-type": type], body: body)
        } catch {
            throw AdapterError(.badResult, "\(expression.place): \(error.detail)")
        }
    }
}
