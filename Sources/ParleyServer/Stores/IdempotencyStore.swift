import Channels
import Foundation
import HTTPTypes
import HummingbirdCore
import Parley
import Postgres

/// One answer as it is kept for its Idempotency-Key.
struct KeptAnswer: Sendable, Hashable {
    var status: Int
    var contentType: String?
    var location: String?
    var body: [UInt8]

    var response: Response {
        var headers = HTTPFields()
        headers[.location] = self.location
        guard let contentType = self.contentType else { return Response(status: .init(code: self.status), headers: headers) }
        return .bytes(.init(code: self.status), self.body, type: contentType, headers: headers)
    }
}

/// The answers that were given to an Idempotency-Key.
///
/// A key's row is written in the transaction of what it answers for. So there is no half-done state that a crash could leave: either
/// the change and its answer are there, or neither is and the next try does it all. While a request runs, a lock tells the others.
///
/// What is kept is sealed: an answer may hold a new key, which nobody who reads the database may have (I14).
struct IdempotencyStore: Sendable {
    let sealer: Sealer

    /// The kept answer to the same request; nil when it is to be worked on now, in this transaction.
    ///
    /// - Throws: `Problem` 409 while another request with the key runs, 422 when the key was used for another body.
    func claim(_ key: String, request hash: [UInt8], in workspace: WorkspaceID, on transaction: Transaction) async throws
        -> KeptAnswer?
    {
        let results = try await transaction.pipeline([
            "SELECT pg_try_advisory_xact_lock(hashtextextended(\("\(workspace)/\(key)"), 0)) AS mine",
            "SELECT request_hash, status, headers, body FROM idempotency WHERE workspace_id = \(workspace.uuid) AND key = \(key)",
        ])
        guard try results[0][0].value("mine") else {
            throw Problem(
                409,
                "idempotency_in_progress",
                "The first request is still running",
                detail: "Ask again in a moment.",
                headers: [.retryAfter: "1"]
            )
        }
        guard let row = results[1].first else { return nil }
        guard try row.value("request_hash", as: [UInt8].self) == hash else {
            throw Problem(
                422,
                "idempotency_mismatch",
                "Idempotency-Key reused",
                detail: "This key was used for another method, path or body."
            )
        }
        let headers = try JSON(parsing: try row.value("headers", as: JSONText.self).text)
        return KeptAnswer(
            status: try row.value("status"),
            contentType: headers["contentType"]?.string,
            location: headers["location"]?.string,
            body: try self.sealer.open(try row.value("body"), for: workspace.uuid)
        )
    }

    /// - Throws: `Crypto.Failure` when the system has no entropy.
    func insertion(of answer: KeptAnswer, _ key: String, request hash: [UInt8], in workspace: WorkspaceID) throws -> SQL {
        let body = try self.sealer.seal(answer.body, for: workspace.uuid)
        var headers: [String: JSON] = [:]
        headers["contentType"] = answer.contentType.map(JSON.string)
        headers["location"] = answer.location.map(JSON.string)
        return """
            INSERT INTO idempotency (workspace_id, key, request_hash, status, headers, body)
            VALUES (\(workspace.uuid), \(key), \(hash), \(Int16(answer.status)), \(JSONText(JSON.object(headers).text)), \(body))
            ON CONFLICT DO NOTHING
            """
    }

    /// What makes two requests the same: method, path, query and every byte of the body.
    static func hash(of request: IncomingRequest) -> [UInt8] {
        let head = "\(request.method.rawValue) \(request.path)?\(request.query ?? "")\n"
        return Crypto.sha256(Array(head.utf8) + request.body)
    }
}
