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
    /// What one request claims.
    struct Claim: Hashable, Sendable {
        let key: String
        /// What makes two requests the same: method, path, query and every byte of the body.
        let hash: [UInt8]
    }

    /// What becomes of a claim.
    enum Standing: Sendable {
        /// To be worked on now, in this transaction.
        case new
        /// The same request was answered before.
        case kept(KeptAnswer)
        /// 409 while another request with the key runs, 422 when the key was used for another body.
        case refused(Problem)

        var isNew: Bool { if case .new = self { true } else { false } }
    }

    let sealer: Sealer

    /// Claims the keys of requests that share a transaction; of two with one key the first has it.
    func standings(of claims: [Claim], in workspace: WorkspaceID, on transaction: Transaction) async throws -> [Standing] {
        let keys = claims.map(\.key)
        let results = try await transaction.pipeline([
            """
            SELECT k AS key FROM (SELECT DISTINCT unnest(\(keys)) AS k) AS given
            WHERE pg_try_advisory_xact_lock(hashtextextended(\("\(workspace)/") || k, 0))
            """,
            "SELECT key, request_hash, status, headers, body FROM idempotency WHERE workspace_id = \(workspace.uuid) AND key = ANY(\(keys))",
        ])
        var mine = Set(try results[0].map { Exact(try $0.value("key")) })
        let kept = Dictionary(try results[1].map { (Exact(try $0.value("key")), $0) }) { first, _ in first }
        return try claims.map { claim in
            let key = Exact(claim.key)
            guard mine.contains(key) else { return .refused(.idempotencyInProgress) }
            guard let row = kept[key] else {
                mine.remove(key)
                return .new
            }
            guard try row.value("request_hash", as: [UInt8].self) == claim.hash else { return .refused(.idempotencyMismatch) }
            return .kept(try self.answer(row, in: workspace))
        }
    }

    private func answer(_ row: Row, in workspace: WorkspaceID) throws -> KeptAnswer {
        let headers = try JSON(parsing: try row.value("headers", as: JSONText.self).text)
        return KeptAnswer(
            status: try row.value("status"),
            contentType: headers["contentType"]?.string,
            location: headers["location"]?.string,
            body: try self.sealer.open(try row.value("body"), for: workspace.uuid)
        )
    }

    /// - Throws: `Crypto.Failure` when the system has no entropy.
    func insertion(of answers: [(claim: Claim, answer: KeptAnswer)], in workspace: WorkspaceID) throws -> SQL {
        let headers = answers.map { _, answer in
            var headers: [String: JSON] = [:]
            headers["contentType"] = answer.contentType.map(JSON.string)
            headers["location"] = answer.location.map(JSON.string)
            return JSONText(JSON.object(headers).text)
        }
        return """
            INSERT INTO idempotency (workspace_id, key, request_hash, status, headers, body)
            SELECT \(workspace.uuid), * FROM unnest(\(answers.map(\.claim.key)), \(answers.map(\.claim.hash)),
                \(answers.map { Int16($0.answer.status) }), \(headers),
                \(try answers.map { try self.sealer.seal($0.answer.body, for: workspace.uuid) }))
            ON CONFLICT DO NOTHING
            """
    }
}

extension Problem {
    fileprivate static let idempotencyInProgress = Problem(
        409,
        "idempotency_in_progress",
        "The first request is still running",
        detail: "Ask again in a moment.",
        headers: [.retryAfter: "1"]
    )
    fileprivate static let idempotencyMismatch = Problem(
        422,
        "idempotency_mismatch",
        "Idempotency-Key reused",
        detail: "This key was used for another method, path or body."
    )
}

extension IdempotencyStore.Claim {
    init(_ key: String, _ request: IncomingRequest) {
        let head = "\(request.method.rawValue) \(request.path)?\(request.query ?? "")\n"
        self.init(key: key, hash: Crypto.sha256(Array(head.utf8) + request.body))
    }
}
